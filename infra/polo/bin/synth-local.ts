/**
 * The template of the local stack: the app with the settings that go with the example organization.
 * Invariant: afterwards cdk.out holds this template and no other. The local stack reads every template there, so one of
 * another environment, or of a synthesis before the last error, would be wired up as well.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';

const OUTDIR = join(import.meta.dirname, '../cdk.out');

const SETTINGS = {
  artifacts: 'stub',
  stackSetName: 'polo-roles',
  // One account of the example organization keeps the read role it had before; the local AWS is of this partition.
  extraReadRoleArns: ['arn:aws:iam::*:role/platform/finops/*'],
};

rmSync(OUTDIR, { recursive: true, force: true });
process.env['CDK_OUTDIR'] = OUTDIR;
process.env['CDK_CONTEXT_JSON'] = JSON.stringify(SETTINGS);
await import('./polo.ts');
