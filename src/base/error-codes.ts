/**
 * Every code that an error of this package can have: what it means, what to do, and the page of `docs/` that says more.
 * docs/errors.md is made from this table (`npm run errors`). Codes are stable: programs and stored results rely on them.
 */
type Row = readonly [meaning: string, remedy: string, page: string];

const readme = {
  volumes: '../README.md#your-own-volumes',
  results: '../README.md#what-you-get-in---out',
  machines: '../README.md#on-many-machines',
};
const badCase = 'reliability.md#one-bad-case-costs-one-case';
const stored = 'reliability.md#checksums-instead-of-flushing';
const memory = 'reliability.md#memory-and-disk';
const resume = 'reliability.md#death-and-resume';
const owner = 'reliability.md#one-owner';
const queue = 'reliability.md#silence-refusals-and-strangers-on-the-queue';

/** Of one case's files. They cost that case; the run goes on. */
export const inputCodes = {
  'too-many-files': [
    'a cut into tiles of which each case would leave more than 20,000 files',
    'give a larger --tile or --tile-bundle',
    memory,
  ],
  'file-missing': ['no file of that name', 'correct the path, or bring the file there', badCase],
  'file-not-regular': [
    'a folder, a pipe or a device where a file is needed',
    'name the file itself',
    badCase,
  ],
  'file-empty': ['a file of 0 bytes', 'copy or export the file again', badCase],
  'pointer-only': [
    'a git-annex or Git LFS pointer without its content',
    'fetch the content (git annex get, git lfs pull)',
    badCase,
  ],
  'partner-missing': [
    'one member of an .hdr/.img pair is missing',
    'put both files into one folder, with one name',
    badCase,
  ],
  'header-short': ['fewer bytes than a NIfTI header has', 'copy or export the file again', badCase],
  'not-nifti': [
    'no NIfTI header size and magic: a file of another kind',
    'convert the file to NIfTI, or name another one',
    badCase,
  ],
  'analyze-75': [
    'an Analyze 7.5 header, whose orientation cannot be trusted',
    'convert the file to NIfTI, its orientation checked',
    badCase,
  ],
  'bad-dims': ['dimensions that no volume can have', 'export the file again', badCase],
  'bad-offset': ['a vox_offset that no file can have', 'export the file again', badCase],
  'bad-affine': [
    'sform, qform or pixdim that place no voxel',
    'correct the affine with the program that wrote it',
    badCase,
  ],
  'datatype-refused': [
    'a known type without a single real value per voxel (complex, RGB)',
    'export the volume as numbers',
    badCase,
  ],
  'datatype-unknown': ['a type code that NIfTI does not define', 'export the file again', badCase],
  'data-short': ['fewer voxels than the header says', 'copy or export the file again', badCase],
  'gzip-cut-off': ['a gzip stream that ends too early', 'copy the file again', badCase],
  'gzip-checksum': [
    'inflated bytes that do not match their checksum or length',
    'copy the file again',
    badCase,
  ],
  'gzip-corrupt': ['bytes that are not gzip', 'copy the file again, or give it its right ending', badCase],
  'geometry-mismatch': [
    'prediction and reference, or the channel files of a prediction, are not on the same grid',
    'resample one of them; a flipped or permuted grid is accepted with reorient',
    badCase,
  ],
  'identical-files': [
    'prediction and reference are the same file',
    'check both paths, or say --allow-identical',
    readme.volumes,
  ],
  'prediction-missing': [
    'a reference without a prediction',
    'add the prediction, or choose with --missing-prediction',
    readme.volumes,
  ],
  'reference-channels': ['a reference of several volumes', 'make it one label map', readme.volumes],
  'channel-count': [
    'another number of channels than the cases before',
    'score cases of another kind in a run of their own',
    readme.volumes,
  ],
  'scores-differ': [
    'the values are not of the kind that the run decided on',
    'score the case in a run of its own, or say --scores',
    readme.volumes,
  ],
  'file-replaced': ['a file changed while it was scored', 'go on with --resume', badCase],
  'changed-since': ['a file has changed since it was scored', 'score the case again', 'questions.md#view'],
  'outside-data-roots': [
    'a file outside the folders that may be read',
    'move it, or start workers and viewer with --data-root for its folder',
    'deployment.md',
  ],
  'too-many-labels': [
    'more labels, or pairs of labels, than are counted',
    'check that both files are label maps',
    readme.volumes,
  ],
  'not-a-label': ['a voxel whose value cannot be a label', 'export the label map as integers', badCase],
  'unknown-label': [
    'a label that no class has',
    'add it to a class, or say --unknown-labels background',
    badCase,
  ],
  'not-finite': [
    'a score that is NaN or infinite',
    'fix the prediction, or mark these voxels with the ignored label',
    badCase,
  ],
  'out-of-range': [
    'a probability outside [0, 1]',
    'say --scores logit if these are logits, or --clamp',
    badCase,
  ],
  'sum-not-one': [
    'competing channels that do not add up to 1',
    'check what the network wrote, or say --channels independent',
    badCase,
  ],
  'logit-too-large': ['a logit beyond 2^19', 'check what the network wrote', badCase],
} as const satisfies Record<string, Row>;

/** Of the command, its settings and lists. Nothing was scored; exit status 2. */
export const usageCodes = {
  'option-value': [
    'a value that an option does not allow',
    'the message lists what is allowed',
    '../README.md',
  ],
  'option-alone': [
    'options that need, or exclude, one another',
    'add or leave out what the message names',
    '../README.md',
  ],
  'rule-invalid': [
    'a rule of --fail-if that cannot be read, or names what the run does not have',
    'the message says where, and lists the measures or classes',
    'notify.md#rules',
  ],
  'notify-address': [
    'an address, or a secret, with which the end of a run cannot be told',
    'give an http or https address, and the secret in VOXTALLY_NOTIFY_SECRET',
    'notify.md',
  ],
  'array-length': [
    'an array whose length does not fit its shape',
    'give shape[0] * shape[1] * shape[2] values for each channel',
    'library.md#score-arrays',
  ],
  'array-type': [
    'voxels that are not in a typed array',
    'put them into one of integers or floats',
    'library.md#score-arrays',
  ],
  'config-invalid': [
    'settings that are misspelt, out of range or contradict each other',
    'correct each line of the message',
    '../config/default.yaml',
  ],
  'config-syntax': ['a configuration file that is not a YAML map', 'correct it', '../config/default.yaml'],
  'config-unreadable': [
    'a configuration file that cannot be read',
    'correct the path or its permission',
    '../config/default.yaml',
  ],
  scale: ['--scale given for labels', 'leave it out, or say --scores probability', readme.volumes],
  'scores-ambiguous': [
    'the files do not tell what their values are',
    'say --scores, as the message shows',
    readme.volumes,
  ],
  'channels-ambiguous': [
    'the files do not tell how their channels relate',
    'say --channels exclusive or independent',
    readme.volumes,
  ],
  channels: ['a label map with several channels', 'give one label map per case', readme.volumes],
  'channel-labels': ['--channel-labels that do not fit', 'give one label per channel', readme.volumes],
  'label-names': [
    'a file of label names that cannot be read',
    'correct it as the message says',
    readme.volumes,
  ],
  classes: [
    'a list of classes that does not fit the predictions',
    'correct classes',
    '../config/default.yaml',
  ],
  'loss-syntax': [
    'a list of losses that cannot be read',
    'write name, name:form or name(parameter=value)',
    'exactness.md',
  ],
  'loss-unknown': ['no loss of that name', 'the message lists the names', 'exactness.md'],
  'loss-form': ['no such form of a loss', 'the message lists the forms', 'exactness.md'],
  'loss-unavailable': ['a loss that this run cannot give', 'the message says what it needs', 'exactness.md'],
  'loss-parameter': [
    'a parameter that a loss does not have or allow',
    'the message lists them',
    'exactness.md',
  ],
  'loss-sums': ['a loss that needs more than soft sums', 'the message lists those that do not', 'library.md'],
  'loss-option': [
    'an option that a training loss does not have or allow',
    'the message lists them',
    'training.md',
  ],
  'loss-shape': [
    'tensors that do not fit a training loss',
    'give them as [batch, ...space, channels]',
    'training.md',
  ],
  'tfjs-backend': [
    'a TensorFlow.js backend that cannot be loaded',
    'install its package',
    'training.md#backends',
  ],
  'audit-unavailable': [
    '--audit without @tensorflow/tfjs',
    'install it, or score without --audit',
    'audit.md#where-it-runs',
  ],
  'cases-unclear': [
    'nothing says which files to score',
    'give --predictions and --references, or --manifest',
    readme.volumes,
  ],
  'cases-none': [
    'no prediction and reference belong together',
    'the message shows the option that pairs them',
    readme.volumes,
  ],
  'no-cases': ['a list without a case', 'check the folders, the manifest or --without', readme.volumes],
  'case-twice': ['one id for several cases', 'give each case an id of its own', 'questions.md#merge'],
  'pairing-ambiguous': [
    'a file that could belong to several cases',
    'use a manifest, or a narrower pattern',
    readme.volumes,
  ],
  pattern: [
    'a suffix or pattern of names that cannot be used',
    'the message shows one that can',
    readme.volumes,
  ],
  images: ['scans that cannot be found for the cases', 'correct --images', readme.volumes],
  'manifest-invalid': [
    'a manifest with a wrong line',
    'correct the line that the message names',
    readme.volumes,
  ],
  'table-invalid': ['a table that cannot be read', 'correct the line that the message names', readme.volumes],
  'folder-unreadable': [
    'a folder that cannot be listed',
    'correct the path or its permission',
    readme.volumes,
  ],
  'text-unreadable': [
    'a text file that cannot be read',
    'correct the path or its permission',
    readme.volumes,
  ],
  'text-encoding': ['a text file in no known encoding', 'save it as UTF-8', readme.volumes],
  'data-root': ['a --data-root that is not a readable folder', 'correct it', 'deployment.md'],
  'out-missing': ['nothing says where the results go', 'give --out', readme.results],
  'out-unusable': ['an --out that cannot be made', 'give another one', readme.results],
  'out-owned': ['an --out that belongs to a run that goes on', 'end that run, or give --take-over', owner],
  'resume-engine': [
    '--resume of a run of the other engine',
    'give the --engine of the run, or another --out',
    resume,
  ],
  'run-version': [
    '--resume of a run of another version of this program',
    'go on with that version, or score into another --out',
    resume,
  ],
  'out-in-use': ['an --out that holds a run', 'give --resume, --overwrite or another --out', resume],
  'resume-differs': [
    '--resume with other settings or cases than the run has',
    'give those of the run, or another --out',
    resume,
  ],
  'run-unfinished': [
    'a question asked of a run that is not over',
    'finish it with score --resume',
    'questions.md',
  ],
  'no-run': ['a folder without a run', 'give the --out folder of a score', 'questions.md'],
  'no-results': [
    'a folder without results.json',
    'give the --out folder of a finished score',
    'questions.md',
  ],
  'no-scores': ['a run in which no case was scored', 'look at the errors of its cases', badCase],
  'results-unreadable': ['results.json that cannot be read', 'score again', readme.results],
  'results-version': [
    'results.json of another version',
    'score again, or use the version that wrote it',
    readme.results,
  ],
  'shards-missing': [
    'a question that needs shards which the run has not kept',
    'score again with --keep-shards',
    'questions.md',
  ],
  'masks-missing': [
    'lesions by another preset, of a run that has not kept its masks',
    'score again with --keep-shards always, or with the preset',
    'boundary.md#what-is-kept',
  ],
  'shapes-missing': [
    'a question about borders or lesions that the run has not measured, or whose files are gone',
    'score again with --measures overlap,boundary,lesions, or finish the run with --resume',
    'boundary.md',
  ],
  'shapes-threshold': [
    'borders or lesions of another threshold than the run has',
    'score again with that --threshold',
    'boundary.md#what-is-kept',
  ],
  'measure-unknown': [
    'a measure that the compared runs do not share',
    'give one that the message lists',
    'questions.md',
  ],
  'record-contradicts': [
    'a record of a case that cannot be true',
    'take the folder from its site again, or score the run again with --overwrite',
    'questions.md#merge',
  ],
  'case-unknown': ['no case of that id', 'results.json lists the ids', 'questions.md'],
  'case-unscored': ['a case without a score', 'look at its error in results.json', badCase],
  'class-unknown': ['no class of that name', 'the message lists the names', 'questions.md'],
  'cross-entropy-classes': [
    'cross-entropy of a channel that the shards do not hold',
    'score again as the message says',
    'questions.md#ask',
  ],
  'curve-kind': ['no curve of that kind', 'the message lists the kinds', 'questions.md#curve'],
  'curve-option': [
    'a value that curve does not allow',
    'the message says what is allowed',
    'questions.md#curve',
  ],
  'compare-option': [
    'a value that compare does not allow',
    'the message says what is allowed',
    'questions.md#compare',
  ],
  'runs-few': ['fewer than two runs to compare', 'name at least two', 'questions.md#report'],
  'report-out': [
    '--out given for the report of one run',
    'leave it out: the report is in the folder of the run',
    'questions.md#report',
  ],
  'no-common-case': [
    'two runs without a case in common',
    'cases are matched by id: give both runs the same ids',
    'questions.md#compare',
  ],
  'references-differ': [
    'two runs with other references for the same cases',
    'score both against the same references',
    'questions.md#compare',
  ],
  'settings-differ': [
    'runs that cannot be merged',
    'score one again with the settings of the other',
    'questions.md#merge',
  ],
  'errors-missing': ['a case without a list of its errors', 'score it again', 'questions.md#errors'],
  'map-name': [
    'a name that an error map cannot have',
    'give a new name that ends in .nii or .nii.gz',
    'questions.md#errors',
  ],
  'map-grid': [
    'a reference that does not say where its voxels lie',
    'say --map-grid voxels',
    'questions.md#errors',
  ],
  'redis-address': ['an address of Redis that cannot be read', 'write redis://host:port', readme.machines],
  'work-root': ['a --work-root that cannot be used', 'give a folder that all machines see', readme.machines],
  'run-id': ['not the id of a run', 'voxtally status lists the ids', readme.machines],
  'run-unknown': ['no run of that id', 'voxtally status lists the ids', readme.machines],
  'run-going': ['a run that is not over yet', 'wait, or cancel it first', readme.machines],
  'run-over': ['a run that is over already', 'nothing is left to cancel', readme.machines],
  'secret-file': [
    'a file of a password or token that cannot be read',
    'correct its path or permission',
    'dashboard.md#passwords',
  ],
  'secret-too-short': [
    'a password or token that can be guessed',
    'give a longer one',
    'dashboard.md#passwords',
  ],
  'token-characters': [
    'a token with characters that no header can carry',
    'use letters, digits and . _ ~ + / -',
    'dashboard.md#passwords',
  ],
  'dashboard-open': [
    'a dashboard open to everybody',
    'give it a password or token',
    'dashboard.md#passwords',
  ],
  'dashboard-writes-open': [
    '--allow-writes without a password',
    'give a password or token',
    'dashboard.md#passwords',
  ],
  'working-folder-gone': ['the working folder was removed', 'change into one that is there', '../README.md'],
} as const satisfies Record<string, Row>;

/** Of the machine, its storage and the queue. Worth another try. */
export const machineCodes = {
  'ownership-lost': [
    'another process has taken over the run; this one has changed nothing since',
    'leave it to that one, or take the run over again',
    owner,
  ],
  'results-damaged': [
    'the result files of a run on the queue are not as they were written',
    'give the same command with --resume',
    stored,
  ],
  storage: ['the storage of the run fails', 'look at the disk or mount, then resume', memory],
  'storage-denied': [
    'files may not be read or written',
    'give the user of the program the permission',
    memory,
  ],
  'storage-full': ['no space, quota or file handle is left', 'free some, then resume', memory],
  'storage-failed': [
    'the disk or network below a volume fails',
    'look at the disk or mount, then resume',
    memory,
  ],
  'disk-full': ['the disk of the run is full', 'free some space', memory],
  memory: [
    'memory could not be allocated',
    'give less --memory or --threads, or the machine more memory',
    memory,
  ],
  'memory-budget': [
    'a tile or thread does not fit into --memory',
    'give more --memory, fewer --threads or a smaller --tile',
    memory,
  ],
  'thread-lost': ['a thread died', 'look at the memory of the machine, then resume', memory],
  'partials-unreliable': [
    'stored partial results fail their checksums again and again',
    'look at the storage',
    stored,
  ],
  'audit-unreadable': [
    'the report of an audit cannot be read',
    'score again with --audit',
    'audit.md#auditjson',
  ],
  'dashboard-listen': [
    'the dashboard cannot listen there',
    'choose another --port or --host',
    'deployment.md',
  ],
  'view-listen': ['the viewer cannot listen there', 'choose another --port', 'questions.md#view'],
  'viewer-busy': ['too many cases are being opened', 'try again in a moment', 'questions.md#view'],
  'viewer-gone': ['whoever asked for a case has gone', 'nothing', 'questions.md#view'],
  'redis-unreachable': ['Redis cannot be reached', 'start it, or name it by --redis', readme.machines],
  'redis-silent': ['Redis does not answer', 'look at its load and the network', queue],
  'redis-denied': [
    'Redis refuses the user or password',
    'correct the address, or the rights of its user',
    queue,
  ],
  'redis-readonly': ['Redis takes no writes', 'name its primary by --redis', queue],
  'redis-full': [
    'the memory or disk of Redis is full',
    'raise maxmemory or make room; what waits goes on by itself',
    queue,
  ],
  'redis-evicts': [
    'Redis deletes any key when its memory is full, and would lose jobs',
    'set its maxmemory-policy to noeviction',
    queue,
  ],
  'redis-refuses': ['Redis refuses what it was asked', 'look at the message and at the log of Redis', queue],
  'redis-busy': ['Redis is busy with a script', 'wait, or end the script', queue],
  'redis-loading': ['Redis is still loading its data', 'try again in a moment', queue],
  'redis-cluster': [
    'Redis is a cluster that does not hold the queue on one node',
    "give --redis-prefix '{voxtally}'",
    queue,
  ],
  'queue-version': [
    'on the queue of another version of this program',
    'look after it with that version, or take it over by score --resume',
    queue,
  ],
  'queue-refused': [
    'the queue refused a step, such as a job whose lock was lost',
    'it is tried again by itself',
    queue,
  ],
  'run-folder-missing': [
    'the folder of the run cannot be seen',
    'mount it, and give all machines the same --work-root',
    readme.machines,
  ],
  'run-silent': ['nothing has moved for long', 'look at the workers; score --resume goes on', queue],
  'run-cancelled': ['the run was cancelled', 'voxtally retry goes on with it', readme.machines],
  'run-failed': ['the run ended without results', 'look at the reason; score --resume goes on', queue],
  'worker-lost': [
    'workers died or froze again and again',
    'look at their memory and logs, then retry the run',
    queue,
  ],
  'case-lost': ['the job of a case ended without an outcome', 'retry the run', queue],
  'tile-lost': ['tiles could not be scored', 'look at the logs of the workers, then retry the run', queue],
  'tile-timeout': ['reading takes too long', 'look at the storage of the volumes, then retry the run', queue],
  'merge-lost': ['a merge was lost with its worker', 'resume or retry the run', queue],
  defect: ['a defect of the program', 'report it, with the log', 'reliability.md'],
} as const satisfies Record<string, Row>;

/** Of stored partial results. Each is made again, never believed. */
export const partialCodes = {
  'shard-missing': ['a shard is missing', 'it is made again', stored],
  'shard-corrupt': ['a shard fails its checksums', 'it is made again', stored],
  'shard-version': [
    'a shard of another version of the format',
    'use the version that wrote it, or score again',
    'shard-format.md#versions',
  ],
  'shards-differ': ['shards that do not agree with the tallies', 'score the case again', stored],
  'partial-of-another': ['a partial result of another tile or plan', 'it is made again', stored],
  'plan-of-another': ['a case was planned anew', 'its tiles are scored by the new plan', stored],
  'keys-differ': [
    'shards hold other numbers of voxels than were counted',
    'they are made again',
    'reliability.md#every-piece-says-what-it-is-of',
  ],
  'staged-changed': ['an inflated copy of a volume was changed', 'it is made again', stored],
  'record-version': [
    'a record was written by another version of this program',
    'use that version, or score into another --out',
    stored,
  ],
  'record-missing': ['a record of the run is missing', 'it is made again', stored],
  'record-corrupt': ['a record is torn, changed or of another version', 'it is made again', stored],
  coverage: ['the tiles do not cover the volume', 'they are made again', 'reliability.md#coverage'],
} as const satisfies Record<string, Row>;

export const errorCodes = { ...inputCodes, ...usageCodes, ...machineCodes, ...partialCodes };

export type ErrorCode = keyof typeof errorCodes;

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCodes, text);
}

/** A code in words, for those who are not shown the message since it names files. */
export function describeCode(code: string): string {
  if (!isErrorCode(code)) return code;
  const [meaning, remedy] = errorCodes[code];
  return `${meaning}; ${remedy}`;
}
