/**
 * The templates of the local stack: the app with the settings that go with the example organization.
 * Invariant: afterwards cdk.out holds these templates and no others. The local stack reads every template there, so one of
 * another environment, or of a synthesis before the last error, would be wired up as well.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { orOneSentence } from '../lib/refusal.ts';
import { synthesize } from '../lib/synthesis.ts';

const OUTDIR = join(import.meta.dirname, '../cdk.out');

const SETTINGS = {
  artifacts: 'stub',
  // The embedded engine has no users.
  clickhousePassword: 'none',
  stackSetName: 'polo-roles',
  stacks: 'hub',
  provisioning: 'on',
  // The root of every organization that the hub account makes in the local AWS.
  rolloutOus: 'r-polo',
  // One account of the example organization keeps the read role it had before; the local AWS is of this partition.
  extraReadRoleArns: ['arn:aws:iam::*:role/platform/finops/*'],
};

rmSync(OUTDIR, { recursive: true, force: true });
process.env['CDK_CONTEXT_JSON'] = JSON.stringify(SETTINGS);
orOneSentence(() => synthesize(OUTDIR, {}));
