/**
 * The account and region that the hub's stacks are for, where settings say both.
 * Invariant: one file of settings serves stacks of two accounts, and the CDK's command line refuses to deploy a hub's stack
 * with another account's credentials. The templates still name neither but where the CDK keeps its assets.
 */
import type { Environment } from 'aws-cdk-lib';
import type { PoloConfig } from '../settings/polo-config.ts';

export function hubEnvironment({ roles: { hubAccountId }, forwarding: { hubRegion } }: PoloConfig): Environment | undefined {
  return hubAccountId === undefined || hubRegion === undefined ? undefined : { account: hubAccountId, region: hubRegion };
}
