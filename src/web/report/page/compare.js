// The script of a comparison of runs: tables sort and save, points tell what they are.
import { prepareTables } from './tables.js';
import { pointEvents } from './tip.js';

for (const element of document.querySelectorAll('[data-needs-script]')) element.hidden = false;
prepareTables();
for (const holder of document.querySelectorAll('.holder')) pointEvents(holder);
