/**
 * What role-provisioner gets besides what every function gets, where provisioning is on: its variables and its rights.
 * Invariant: it can make instances of the one stack set, and nothing else with it; from a plain member account it can do
 * no more than assume the role that may.
 */
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { PoloConfig } from '../settings/polo-config.ts';
import type { Environment } from '../environment.ts';
import { provisionerArn } from '../settings/hub-location.ts';
import { assumeRole, servedStackSet } from './permissions.ts';
import { makeStackInstances } from './stack-set-permissions.ts';

/** The function's variables beyond the common ones; empty where provisioning is off. */
export function provisioningEnvironment(config: PoloConfig): Environment {
  const { provisioning, callAs, rolloutOus, roleRegion } = config.roles;
  if (!provisioning || config.stackSetName === undefined) return {};
  const roleArn = provisionerArn(config);
  return {
    POLO_STACK_SET_NAME: config.stackSetName,
    ...(callAs === 'SELF' ? {} : { POLO_STACK_SET_CALL_AS: callAs }),
    POLO_ROLLOUT_OUS: rolloutOus.join(','),
    POLO_ROLE_REGION: roleRegion,
    ...(roleArn === undefined ? {} : { POLO_PROVISIONING_ROLE_ARN: roleArn }),
  };
}

/** The function's rights that go with them; none where provisioning is off. */
export function provisioningRights(config: PoloConfig): PolicyStatement[] {
  const stackSet = servedStackSet(config);
  if (!config.roles.provisioning || stackSet === undefined) return [];
  const roleArn = provisionerArn(config);
  return roleArn === undefined ? makeStackInstances(stackSet, config.roles.roleRegion) : [assumeRole('AssumeProvisioner', [roleArn], config)];
}
