import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as apps from 'kubernetes-models/apps/v1';
import * as autoscaling from 'kubernetes-models/autoscaling/v2';
import * as networking from 'kubernetes-models/networking.k8s.io/v1';
import * as core from 'kubernetes-models/v1';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { temporaryFolder } from '../support/temporary-folder.ts';

const inFolder = temporaryFolder();
const kubernetes = 'deploy/kubernetes';

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}
type Model = new (manifest: object) => { validate(): void };
const models: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  v1: core,
  'apps/v1': apps,
  'autoscaling/v2': autoscaling,
  'networking.k8s.io/v1': networking,
};

function manifests(file: string): Manifest[] {
  return parseAllDocuments(readFileSync(join(kubernetes, file), 'utf8')).map((document) => {
    expect('errors' in document ? document.errors : []).toEqual([]);
    return (document as { toJS(): Manifest }).toJS();
  });
}

const { resources } = manifests('kustomization.yaml')[0] as unknown as { resources: string[] };

test('the kustomization lists every manifest', () => {
  const files = readdirSync(kubernetes).filter((name) => name !== 'kustomization.yaml');
  expect([...resources].sort()).toEqual(files.sort());
});

test.each(resources)('%s is valid by the schemas of Kubernetes', (file) => {
  for (const manifest of manifests(file)) {
    const Resource = models[manifest.apiVersion]?.[manifest.kind] as Model | undefined;
    expect(Resource, `${manifest.apiVersion} ${manifest.kind}`).toBeDefined();
    expect(() => new Resource!(manifest).validate(), manifest.metadata.name).not.toThrow();
    const broken = { ...manifest, spec: 5 };
    expect(() => new Resource!(broken).validate()).toThrow();
  }
});

test('containers run as nobody in particular, cannot gain rights, and cannot change the data', () => {
  const text = resources
    .flatMap((file) => manifests(file))
    .filter(({ kind }) => /^(Deployment|StatefulSet)$/.test(kind));
  expect(text).toHaveLength(3);
  for (const manifest of text) {
    const { spec } = (manifest as unknown as { spec: { template: { spec: PodSpec } } }).spec.template;
    expect(spec.securityContext.runAsNonRoot, manifest.metadata.name).toBe(true);
    for (const { securityContext, volumeMounts } of spec.containers) {
      expect(securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
      });
      for (const { name, readOnly } of volumeMounts)
        if (name === 'data' && manifest.kind !== 'StatefulSet') expect(readOnly).toBe(true);
    }
  }
});

interface PodSpec {
  readonly securityContext: { readonly runAsNonRoot: boolean };
  readonly containers: readonly {
    readonly securityContext: object;
    readonly volumeMounts: readonly { readonly name: string; readonly readOnly?: boolean }[];
  }[];
}

test('the SLURM script scores a demo in three parts, and their merge has the bytes of one run', () => {
  const folder = inFolder('slurm');
  const program = resolve('dist/bin/main.js');
  // The demo has one broken file: what holds it ends with 1.
  const run = (args: readonly string[]) => {
    const { status, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
    expect([0, 1], stderr).toContain(status);
  };
  run(['demo', '--quiet', '--folder', folder]);
  const manifest = join(folder, 'cases.csv');
  const settings = ['--scores', 'probability', '--classes', 'tumour=1'];
  const script = resolve('deploy/slurm/score-array.sh');
  expect(spawnSync('bash', ['-n', script]).status).toBe(0);
  for (const task of [5, 6, 7, 6]) {
    const env = {
      ...process.env,
      VOXTALLY: `${process.execPath} ${program}`,
      SLURM_ARRAY_TASK_ID: String(task),
      SLURM_ARRAY_TASK_MIN: '5',
      SLURM_ARRAY_TASK_MAX: '7',
      SLURM_CPUS_PER_TASK: '1',
    };
    const part = spawnSync('bash', [script, manifest, join(folder, 'parts'), ...settings], {
      env,
      encoding: 'utf8',
    });
    expect([0, 1], part.stderr).toContain(part.status);
  }
  const parts = readdirSync(join(folder, 'parts')).map((name) => join(folder, 'parts', name));
  expect(parts).toHaveLength(3);
  run(['merge', ...parts.sort(), '--out', join(folder, 'all')]);
  run(['score', '--manifest', manifest, ...settings, '--out', join(folder, 'one')]);
  for (const name of ['results.json', 'cases.csv', 'summary.json']) {
    expect(
      readFileSync(join(folder, 'all', name)).equals(readFileSync(join(folder, 'one', name))),
      name,
    ).toBe(true);
  }
});

test('every metric of the Grafana dashboard is one that /metrics has', () => {
  const text = readFileSync('deploy/grafana/voxtally.json', 'utf8');
  const source = readFileSync('src/web/dashboard/metrics.ts', 'utf8');
  const names = new Set(
    [...text.matchAll(/voxtally_([a-z_]+?)(?:_bucket)?(?=[{\s,)"[]|$)/g)].map(([, name]) => name!),
  );
  expect(names.size).toBeGreaterThan(6);
  for (const name of names) expect(source, name).toMatch(new RegExp(`['_\`]${name}['\`]`));
  expect(JSON.parse(text)).toMatchObject({ title: 'Voxtally', panels: expect.arrayContaining([]) });
});

test('the Apptainer recipe copies into its last stage what the Dockerfile does', () => {
  const dockerfile = readFileSync('Dockerfile', 'utf8');
  const recipe = readFileSync('deploy/apptainer/voxtally.def', 'utf8');
  const copied = [...dockerfile.matchAll(/^COPY --from=build (\S+)/gm)].map(([, path]) => path!);
  const [, files] = /^%files from build\n((?: {4}.*\n)+)/m.exec(recipe)!;
  expect(
    files!
      .trim()
      .split('\n')
      .map((line) => line.trim().split(' ')[0]),
  ).toEqual(copied);
});
