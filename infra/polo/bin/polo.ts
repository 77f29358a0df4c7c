/**
 * The app: settings and manifests in, CloudFormation templates out. `cdk` runs this file, and so may anyone:
 * `node --import tsx bin/polo.ts` needs no CLI, no network and no credentials, and writes the same templates.
 * `POLO_SETTINGS` names a file of settings; with `POLO_TO_DEPLOY` what cannot be deployed is refused.
 * Invariant: what a person wrote wrongly ends as one sentence on stderr and exit code 1, and nothing is written.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { readConfig } from '../lib/settings/config.ts';
import { DataStack } from '../lib/stacks/data-stack.ts';
import { ForwarderStack } from '../lib/stacks/forwarder-stack.ts';
import { loadManifests } from '../lib/inputs/manifest.ts';
import { memberRolesParameters, memberRolesTemplate, withDefaults } from '../lib/inputs/member-roles.ts';
import { namesFor } from '../lib/names.ts';
import { PageStack } from '../lib/stacks/page-stack.ts';
import { PoloStack } from '../lib/stacks/polo-stack.ts';
import { RolesStack } from '../lib/stacks/roles-stack.ts';
import { SettingError } from '../lib/settings/setting-error.ts';
import { readSettingsFile } from '../lib/settings/settings-file.ts';

const APP_FOLDER = join(import.meta.dirname, '..');
const COLLECTORS_FOLDER = join(APP_FOLDER, '../../crates/collectors');

/** cdk.json's context, which only the CLI would pass on, and the settings file; what the CLI or CDK_CONTEXT_JSON gives wins over both. */
function fileContext(): Record<string, unknown> {
  const file = JSON.parse(readFileSync(join(APP_FOLDER, 'cdk.json'), 'utf8')) as { context?: Record<string, unknown> };
  const settings = process.env['POLO_SETTINGS'];
  return { ...file.context, ...(settings === undefined ? {} : readSettingsFile(settings)) };
}

try {
  const app = new App({
    context: fileContext(),
    outdir: process.env['CDK_OUTDIR'] ?? join(APP_FOLDER, '../../target/synth'),
    analyticsReporting: false,
    // Not at exit, where it would also follow a wrong setting.
    autoSynth: false,
  });
  const config = readConfig(app.node.getAllContext() as Record<string, unknown>);
  if (process.env['POLO_TO_DEPLOY'] !== undefined && config.roles.stacks.includes('hub') && config.artifacts.kind === 'stub') {
    throw new SettingError('artifacts is "stub", which does nothing and is not for deployment: leave artifacts out, and build the functions with make build');
  }
  const manifests = loadManifests(COLLECTORS_FOLDER);
  const names = namesFor(config.env);
  const memberRoles = withDefaults(memberRolesTemplate(manifests), memberRolesParameters(config, names, manifests));
  const page = config.roles.stacks.includes('page') ? new PageStack(app, config) : undefined;
  if (config.roles.stacks.includes('hub')) {
    const hub = new PoloStack(app, { config, manifests });
    hub.addStackDependency(new DataStack(app, config));
    page?.addStackDependency(hub);
  }
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
