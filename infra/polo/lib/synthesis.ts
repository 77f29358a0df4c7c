/**
 * Settings and manifests in, CloudFormation templates out.
 * Invariant: what cannot be synthesized is a SettingError; with `toDeploy`, what cannot be deployed is one as well.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { loadManifests } from './inputs/manifest.ts';
import { memberRolesParameters, memberRolesTemplate, withDefaults } from './inputs/member-roles.ts';
import { namesFor } from './names.ts';
import { readConfig } from './settings/config.ts';
import { SettingError } from './settings/setting-error.ts';
import { readSettingsFile } from './settings/settings-file.ts';
import { DataStack } from './stacks/data-stack.ts';
import { ForwarderStack } from './stacks/forwarder-stack.ts';
import { PageStack } from './stacks/page-stack.ts';
import { PoloStack } from './stacks/polo-stack.ts';
import { RolesStack } from './stacks/roles-stack.ts';

const APP_FOLDER = join(import.meta.dirname, '..');
export const COLLECTORS_FOLDER = join(APP_FOLDER, '../../crates/collectors');

export interface Wanted {
  /** A file of settings; what the CLI or CDK_CONTEXT_JSON gives wins over it. */
  readonly settingsFile?: string;
  /** Whether the templates are to be deployed, and not only looked at. */
  readonly toDeploy?: boolean;
}

/** Writes all templates into the folder. */
export function synthesize(outdir: string, { settingsFile, toDeploy = false }: Wanted): void {
  const app = new App({
    context: { ...appContext(), ...(settingsFile === undefined ? {} : readSettingsFile(settingsFile)) },
    outdir,
    analyticsReporting: false,
    // Not at exit, where it would also follow a wrong setting.
    autoSynth: false,
  });
  const config = readConfig(app.node.getAllContext() as Record<string, unknown>);
  if (toDeploy && config.roles.stacks.includes('hub') && config.artifacts.kind === 'stub') {
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
  app.synth();
  // In a folder of its own: it is no stack of this app, and whoever reads all of the app's templates must not find it.
  const folder = join(outdir, 'member-roles');
  mkdirSync(folder);
  writeFileSync(join(folder, `${names.bus}-member-roles.template.json`), `${JSON.stringify(memberRoles, null, 2)}\n`);
}

/** cdk.json's context, which only the CLI would pass on. */
function appContext(): Record<string, unknown> {
  const file = JSON.parse(readFileSync(join(APP_FOLDER, 'cdk.json'), 'utf8')) as { context?: Record<string, unknown> };
  return file.context ?? {};
}
