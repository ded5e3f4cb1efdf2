import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPO_ROOT } from './paths.ts';

export interface Target {
  readonly refId: string;
  readonly datasource: { readonly type: string; readonly uid: string };
  readonly expr: string;
  readonly instant?: boolean;
  readonly exemplar?: boolean;
}

export interface Panel {
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly links?: readonly { readonly title: string; readonly url: string }[];
      readonly thresholds?: { readonly steps: readonly unknown[] };
    };
  };
}

export interface Dashboard {
  readonly title: string;
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list?: readonly { readonly name: string; readonly target: Target }[] };
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly datasource: Target['datasource'];
      readonly query: { readonly query: string };
    }[];
  };
}

const FOLDER = join(REPO_ROOT, 'pipeline', 'grafana', 'dashboards');

/** The dashboards that Grafana is provisioned with, by file. */
export function readDashboards(): { file: string; dashboard: Dashboard }[] {
  return readdirSync(FOLDER).map((file) => ({
    file,
    dashboard: JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Dashboard,
  }));
}

/** The panels that show something: not the rows between them. */
export function shown({ panels }: Dashboard): Panel[] {
  return panels.filter(({ type }) => type !== 'row');
}

/** What Grafana's variables stand for with everything chosen. */
const VARIABLES: Readonly<Record<string, string>> = {
  __rate_interval: '1m',
  __range: '1h',
  attribute: 'team',
};

/** An expression as Grafana would send it. */
export function filledIn(expr: string): string {
  return expr.replace(/\$(\w+)/g, (_, name: string) => VARIABLES[name] ?? '.*');
}
