/** What the code of a fault means for those who wait: Redis carries the codes alone, since messages name files. */
const meanings: Readonly<Record<string, string>> = {
  'disk-full': 'the disk of the runs is full; free some space',
  storage: 'the storage of the runs fails; look at the disk or mount of the workers',
  'storage-denied': 'the workers may not read or write the files of the run; give them the permission',
  'storage-full': 'the storage of the runs is full; free some space',
  'storage-failed': 'the storage of the workers fails; look at their disks and mounts',
  'run-folder-missing':
    'the workers cannot see the folder of the run; mount it, and give all the same --work-root',
  'thread-lost': 'threads of the workers die; look at their memory and logs',
  'worker-lost': 'workers die or freeze again and again; look at their memory and logs',
  'merge-lost': 'a merge of the pool was lost with its worker',
  'partials-unreliable': 'stored partial results do not stay whole; look at the storage',
  'tile-timeout': 'reading takes too long; look at the storage of the volumes',
  defect: 'a defect of the program; the logs of the workers have it, please report it',
};

export function describeCode(code: string): string {
  return meanings[code] ?? code;
}
