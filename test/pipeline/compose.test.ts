import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { REPO_ROOT } from '../support/paths.ts';
import { PROMETHEUS_FLAGS } from '../support/pipeline.ts';
import { programPath, skipWithout } from '../support/programs.ts';

interface Service {
  readonly image?: string;
  readonly build?: { readonly dockerfile_inline: string };
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: object;
  readonly environment?: Readonly<Record<string, string>>;
  readonly profiles?: readonly string[];
}

const read = (path: string): string => readFileSync(join(REPO_ROOT, path), 'utf8');
const { services, volumes } = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Readonly<Record<string, Service>>;
  volumes: Readonly<Record<string, unknown>>;
};
const all = Object.entries(services);

describe('docker-compose.yml', () => {
  it('is taken by Docker Compose', { skip: skipWithout('docker-compose') }, () => {
    const { status, stderr } = spawnSync(
      programPath('docker-compose'),
      ['--project-directory', REPO_ROOT, '--profile', 'demo', 'config', '--quiet'],
      { encoding: 'utf8' },
    );
    assert.equal(stderr, '');
    assert.equal(status, 0);
  });

  it('has what it names', () => {
    for (const name of ['otel-collector', 'jaeger', 'prometheus', 'grafana', 'victorialogs', 'redis'])
      assert.ok(services[name], name);
    assert.deepEqual(services['agent']?.profiles, ['demo']);
  });

  for (const [name, service] of all) {
    it(`${name}: has a version, ports of the loopback alone, and files that are there`, () => {
      const image = service.image ?? /FROM (\S+)/.exec(service.build?.dockerfile_inline ?? '')?.[1] ?? '';
      assert.match(image, /:v?\d+\.\d+\.\d+[\w.-]*$/);
      for (const port of service.ports ?? []) assert.match(port, /^127\.0\.0\.1:(\d+):\d+$/);
      for (const volume of service.volumes ?? []) {
        const source = volume.split(':')[0] ?? '';
        if (source.startsWith('.')) {
          assert.ok(existsSync(join(REPO_ROOT, source)), source);
          assert.match(volume, /:ro$/);
        } else {
          assert.ok(source in volumes, source);
        }
      }
    });
  }

  it('asks after the health of every service that goes on running', () => {
    const asked = Object.keys(services).filter((name) => services[name]?.healthcheck === undefined);
    assert.deepEqual(asked, ['otel-collector', 'jaeger-volume', 'agent']);
    assert.match(JSON.stringify(services['otel-collector-health']), /http:\/\/otel-collector:13133\//);
  });

  it('leaves no default password open', () => {
    const grafana = services['grafana']?.environment ?? {};
    assert.equal(grafana['GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION'], 'true');
    assert.equal(grafana['GF_AUTH_DISABLE_LOGIN_FORM'], 'true');
    const secrets = all.flatMap(([, { environment = {} }]) =>
      Object.entries(environment).filter(([name]) => /PASSWORD|SECRET|_AUTH$/.test(name)),
    );
    for (const [name, value] of secrets) assert.match(value, /^\$\{\w+:-\}$/, name);
  });

  it('gives Prometheus the flags that the tests give it', () => {
    for (const flag of PROMETHEUS_FLAGS) assert.ok(services['prometheus']?.command?.includes(flag), flag);
  });

  it('has the versions that scripts/install-pipeline.sh builds', () => {
    const script = read('scripts/install-pipeline.sh');
    const built = (name: string): string => new RegExp(`^${name}=v([\\w.-]+)`, 'm').exec(script)?.[1] ?? '';
    const version = (name: string): string => services[name]?.image?.split(':')[1]?.replace(/^v/, '') ?? '';
    assert.equal(version('otel-collector'), built('collector'));
    assert.equal(version('prometheus').replace(/^3\./, '0.3'), built('prometheus'));
    // Tags of one commit: https://github.com/jaegertracing/jaeger/blob/v1.76.0/CHANGELOG.md
    assert.deepEqual([version('jaeger'), built('jaeger')], ['2.13.0', '1.76.0']);
    const logs = version('victorialogs');
    assert.match(built('victoria_logs'), new RegExp(`^${logs.replace(/0$/, '1')}-0\\.`));
    const builder = read('scripts/pipeline/collector-builder.yaml');
    const modules = [...builder.matchAll(/gomod: \S+ v(\S+)/g)].map(([, found]) => found);
    assert.deepEqual([...new Set(modules)], [built('collector')]);
  });
});
