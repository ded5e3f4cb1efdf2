// npm run dashboards
//
// Writes the dashboards that Grafana is provisioned with.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { budgetsDashboard } from './budgets.ts';
import { callsDashboard } from './calls.ts';
import { spendDashboard } from './spend.ts';

/** Where the files are, which docker-compose.yml mounts. */
export const FOLDER = fileURLToPath(new URL('../pipeline/grafana/dashboards', import.meta.url));

/** The files, by name. */
export function dashboardFiles(): Record<string, string> {
  const all = { budgets: budgetsDashboard(), spend: spendDashboard(), calls: callsDashboard() };
  return Object.fromEntries(
    Object.entries(all).map(([name, dashboard]) => [
      `${name}.json`,
      `${JSON.stringify(dashboard.build(), null, 2)}\n`,
    ]),
  );
}

if (import.meta.main) {
  for (const [name, content] of Object.entries(dashboardFiles())) writeFileSync(join(FOLDER, name), content);
}
