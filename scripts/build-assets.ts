// Part of npm run build
//
// Puts the files that a report is made of beside the code that reads them: styles, and the library that plots.
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ASSETS = join(ROOT, 'dist', 'cli', 'report', 'assets');
const UPLOT = join(ROOT, 'node_modules', 'uplot');

mkdirSync(ASSETS, { recursive: true });
copyFileSync(join(ROOT, 'src', 'cli', 'report', 'browser', 'report.css'), join(ASSETS, 'report.css'));
copyFileSync(join(UPLOT, 'dist', 'uPlot.iife.min.js'), join(ASSETS, 'uPlot.iife.min.js'));
copyFileSync(join(UPLOT, 'dist', 'uPlot.min.css'), join(ASSETS, 'uPlot.min.css'));
copyFileSync(join(UPLOT, 'LICENSE'), join(ASSETS, 'uPlot.LICENSE.txt'));
