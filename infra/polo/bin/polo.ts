/**
 * The app: settings and manifests in, CloudFormation templates out. `cdk` runs this file, and so may anyone:
 * `node --import tsx bin/polo.ts` needs no CLI, no network and no credentials, and writes the same templates.
 * Invariant: what a person wrote wrongly ends as one sentence on stderr and exit code 1, and nothing is written.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { readConfig } from '../lib/config.ts';
import { ForwarderStack } from '../lib/forwarder-stack.ts';
import { loadManifests } from '../lib/manifest.ts';
import { memberRolesParameters, memberRolesTemplate, withDefaults } from '../lib/member-roles.ts';
import { namesFor } from '../lib/names.ts';
import { PoloStack } from '../lib/polo-stack.ts';
import { RolesStack } from '../lib/roles-stack.ts';
import { SettingError } from '../lib/setting-error.ts';

const APP_FOLDER = join(import.meta.dirname, '..');
const COLLECTORS_FOLDER = join(APP_FOLDER, '../../crates/collectors');

/** cdk.json's context, which only the CLI would pass on; what the CLI or CDK_CONTEXT_JSON gives wins over it. */
function fileContext(): Record<string, unknown> {
  const file = JSON.parse(readFileSync(join(APP_FOLDER, 'cdk.json'), 'utf8')) as { context?: Record<string, unknown> };
  return file.context ?? {};
}

try {
  const app = new App({
    context: fileContext(),
    outdir: process.env['CDK_OUTDIR'] ?? join(APP_FOLDER, 'cdk.out'),
    analyticsReporting: false,
    // Not at exit, where it would also follow a wrong setting.
    autoSynth: false,
  });
  const config = readConfig(app.node.getAllContext() as Record<string, unknown>);
  const manifests = loadManifests(COLLECTORS_FOLDER);
  const names = namesFor(config.env);
  const memberRoles = withDefaults(memberRolesTemplate(manifests), memberRolesParameters(config, names, manifests));
  if (config.roles.stacks.includes('hub')) new PoloStack(app, { config, manifests });
  if (config.roles.stacks.includes('roles')) new RolesStack(app, { config, manifests });
  if (config.roles.stacks.includes('forwarder')) new ForwarderStack(app, config);
  const { directory } = app.synth();
  // In a folder of its own: it is no stack of this app, and whoever reads all of the app's templates must not find it.
  const folder = join(directory, 'member-roles');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${names.bus}-member-roles.template.json`), `${JSON.stringify(memberRoles, null, 2)}\n`);
} catch (error) {
  if (!(error instanceof SettingError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
