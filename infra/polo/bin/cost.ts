/**
 * What `make cost` runs: prints what a deployment costs a month, `tsx bin/cost.ts <accounts> <settings file>`.
 * Invariant: a wrong argument is one sentence on stderr and exit code 1, before anything is synthesized; nothing is left behind.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ASSUMPTIONS } from '../lib/cost/assumptions.ts';
import { estimate, people, table, trailEvents } from '../lib/cost/estimate.ts';
import { loadManifests } from '../lib/inputs/manifest.ts';
import { orOneSentence } from '../lib/refusal.ts';
import { SettingError } from '../lib/settings/setting-error.ts';
import { COLLECTORS_FOLDER, synthesize } from '../lib/synthesis.ts';
import type { Json } from '../lib/inputs/template-values.ts';

function templatesOf(settingsFile: string): Json[] {
  const folder = mkdtempSync(join(tmpdir(), 'polo-cost-'));
  try {
    synthesize(folder, { settingsFile });
    const files = readdirSync(folder).filter((file) => file.endsWith('.template.json'));
    return files.map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

orOneSentence(() => {
  const [accounts = '', settingsFile = ''] = process.argv.slice(2);
  if (!/^[1-9]\d{0,5}$/.test(accounts)) throw SettingError.wrong('the number of accounts (ACCOUNTS)', accounts, 'write a whole number from 1 to 999999, such as 250');
  const deployment = { templates: templatesOf(settingsFile), manifests: loadManifests(COLLECTORS_FOLDER), accounts: Number(accounts) };
  console.log(`${table(estimate(deployment, ASSUMPTIONS))}\n\n${people(trailEvents(deployment, ASSUMPTIONS))} management events in the trails of the watched accounts`);
});
