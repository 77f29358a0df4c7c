/**
 * The roles in the management account through which a hub in a plain member account lists the organization and serves the
 * stack set.
 * Invariant: trusted is one function's role or two, by their exact ARNs, with the external id that member roles ask for
 * too, and where the hub's organization is known, from inside it alone.
 */
import { Aws, CfnOutput } from 'aws-cdk-lib';
import { AccountPrincipal, CfnRole, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { PoloConfig } from '../settings/polo-config.ts';
import type { Names } from '../names.ts';
import { organizationReads } from '../rights/organization-permissions.ts';
import { type StackSetToServe, makeStackInstances, readStackInstances } from '../rights/stack-set-permissions.ts';

export interface ManagementRolesProps {
  readonly config: PoloConfig;
  readonly names: Names;
  /** The name of the stack set in this stack. */
  readonly stackSetName: string;
}

export function addManagementRoles(scope: Construct, { config, names, stackSetName }: ManagementRolesProps): void {
  const stackSet: StackSetToServe = { name: stackSetName, owner: Aws.ACCOUNT_ID };
  const add = (id: string, { name, description, trusted, rights }: { name: string; description: string; trusted: string[]; rights: PolicyStatement[] }): void => {
    const role = new CfnRole(scope, id, {
      roleName: name,
      description,
      assumeRolePolicyDocument: new PolicyDocument({ statements: [trust(config, trusted.map((function_) => names.functionAndRole(function_)))] }),
      policies: [{ policyName: 'Rights', policyDocument: new PolicyDocument({ statements: rights }) }],
    });
    new CfnOutput(scope, `${id}Arn`, { description: `${description}: ARN of the role`, value: role.attrArn });
  };
  add('OrganizationReader', {
    name: names.organizationReader,
    description: 'Polo: lists the organization and the instances of its stack set',
    trusted: ['account-discovery', 'access-verifier'],
    rights: [organizationReads(), readStackInstances(stackSet)],
  });
  if (!config.roles.provisioning) return;
  add('Provisioner', {
    name: names.provisioner,
    description: 'Polo: makes instances of its stack set for accounts that wait for their role',
    trusted: ['role-provisioner'],
    rights: makeStackInstances(stackSet, config.roles.roleRegion),
  });
}

/** Named by a condition and not as principals: IAM turns a principal into the id of the role that has the name now. */
function trust({ roles, externalId, hubOrganizationId }: PoloConfig, functionRoles: readonly string[]): PolicyStatement {
  if (roles.hubAccountId === undefined || externalId === undefined) throw new Error('the settings of the roles stack were not checked');
  const { hubAccountId } = roles;
  return new PolicyStatement({
    sid: 'TrustFunctions',
    principals: [new AccountPrincipal(hubAccountId)],
    actions: ['sts:AssumeRole'],
    conditions: {
      StringEquals: { 'sts:ExternalId': externalId, ...(hubOrganizationId === undefined ? {} : { 'aws:PrincipalOrgID': hubOrganizationId }) },
      ArnEquals: { 'aws:PrincipalArn': functionRoles.map((role) => `arn:${Aws.PARTITION}:iam::${hubAccountId}:role/${role}`) },
    },
  });
}
