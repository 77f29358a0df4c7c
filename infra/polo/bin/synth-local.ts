/**
 * The templates of the local stack: the app with the settings that go with the example organization.
 * Invariant: afterwards cdk.out holds these templates and no others. The local stack reads every template there, so one of
 * another environment, or of a synthesis before the last error, would be wired up as well.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';

const OUTDIR = join(import.meta.dirname, '../cdk.out');

const SETTINGS = {
  artifacts: 'stub',
  // The embedded engine has no users.
  clickhousePassword: 'none',
  stackSetName: 'polo-roles',
  stacks: 'hub',
  // Which OUs there are is known once an organization is loaded: POLO_ROLLOUT_OUS of role-provisioner is set then.
  provisioning: 'on',
  rolloutOus: 'r-0000',
  // One account of the example organization keeps the read role it had before; the local AWS is of this partition.
  extraReadRoleArns: ['arn:aws:iam::*:role/platform/finops/*'],
};

rmSync(OUTDIR, { recursive: true, force: true });
process.env['CDK_OUTDIR'] = OUTDIR;
process.env['CDK_CONTEXT_JSON'] = JSON.stringify(SETTINGS);
await import('./polo.ts');
