/**
 * Synthesizes the stack of the rollout for a test.
 * Invariant: with the repository's own collectors, and nothing of it stays on disk.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { readConfig } from '../../lib/settings/config.ts';
import { RolesStack } from '../../lib/stacks/roles-stack.ts';
import { EXTERNAL_ID, HUB, MANIFESTS } from './member-roles.ts';
import { type Plain, SynthesizedStack } from './stack.ts';

export const ROLLOUT = { stacks: 'roles', hubAccountId: HUB, externalId: EXTERNAL_ID, rolloutOus: 'ou-ab12-34567890,ou-ab12-45678901' };

export function synthesizeRoles(settings: Record<string, unknown>): { stack: SynthesizedStack; template: Plain } {
  const outdir = mkdtempSync(join(tmpdir(), 'polo-infra-'));
  try {
    const app = new App({ outdir, analyticsReporting: false, autoSynth: false, builtinCloudFormationValidation: false });
    const template = Template.fromStack(new RolesStack(app, { config: readConfig(settings), manifests: MANIFESTS })).toJSON();
    return { stack: new SynthesizedStack(template), template };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
