import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { packageFile } from '../../../src/base/package-files.ts';

interface Service {
  readonly command?: readonly string[];
  readonly volumes: readonly string[];
  readonly ports?: readonly string[];
  readonly user: string;
  readonly read_only: boolean;
}

const text = readFileSync(packageFile('docker-compose.yml'), 'utf8');
const { services } = parse(text, { merge: true }) as { services: Record<string, Service> };

test('the dashboard opens cases from data that it cannot change, and is published on this machine only', () => {
  const { command, volumes, ports } = services.dashboard!;
  expect(command!.slice(command!.indexOf('--data-root')).slice(0, 2)).toEqual(['--data-root', '/data']);
  expect(volumes).toHaveLength(2);
  for (const volume of volumes) expect(volume).toMatch(/:\/(data|runs):ro$/);
  expect(ports).toEqual(['127.0.0.1:8080:8080']);
});

test('no service is privileged, publishes Redis or can change the data', () => {
  expect(Object.keys(services).sort()).toEqual(['dashboard', 'redis', 'submit', 'worker']);
  for (const [name, { user, read_only, ports, volumes }] of Object.entries(services)) {
    expect(user, name).toMatch(/^(redis|1000:1000)$/);
    expect(read_only, name).toBe(true);
    if (name !== 'dashboard') expect(ports, name).toBeUndefined();
    for (const volume of volumes) expect(volume, name).not.toMatch(/^\$\{VOXTALLY_DATA.*:\/data$/);
  }
});
