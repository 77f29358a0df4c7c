/**
 * The app: settings and manifests in, one CloudFormation template out. `cdk` runs this file, and so may anyone:
 * `node --import tsx bin/polo.ts` needs no CLI, no network and no credentials, and writes the same template.
 * Invariant: what a person wrote wrongly ends as one sentence on stderr and exit code 1, and nothing is written.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { readConfig } from '../lib/config.ts';
import { loadManifests } from '../lib/manifest.ts';
import { PoloStack } from '../lib/polo-stack.ts';
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
  new PoloStack(app, { config, manifests: loadManifests(COLLECTORS_FOLDER) });
  app.synth();
} catch (error) {
  if (!(error instanceof SettingError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
