/**
 * The rollout of the member roles, for the management account or a delegated administrator of StackSets: a stack set that
 * follows the OUs by itself, and, as stack sets skip the management account, that account's own roles.
 * Besides, for a hub in a plain member account, the roles through which it works in the management account.
 * Invariant: the member roles of both are the same template with the same parameters. No bootstrapped account is needed, because there is no
 * asset, and the template stays below what CloudFormation takes in a call.
 */
import { Aws, BootstraplessSynthesizer, CfnOutput, CfnStackSet, Stack } from 'aws-cdk-lib';
import { CfnPolicy, CfnRole } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { PoloConfig } from '../settings/polo-config.ts';
import type { CollectorManifest } from '../inputs/manifest.ts';
import { memberRolesParameters, memberRolesTemplate, rejectRefusedByAws, templateBody, trustPolicy } from '../inputs/member-roles.ts';
import { addManagementRoles } from './management-roles.ts';
import { namesFor } from '../names.ts';
import { type Json, settle } from '../inputs/template-values.ts';

export interface RolesStackProps {
  readonly config: PoloConfig;
  readonly manifests: readonly CollectorManifest[];
}

export class RolesStack extends Stack {
  constructor(scope: Construct, { config, manifests }: RolesStackProps) {
    const names = namesFor(config.env);
    const name = names.roles;
    super(scope, name, {
      stackName: name,
      description: 'Polo: rolls the member roles out to the accounts of an organization, the management account included',
      synthesizer: new BootstraplessSynthesizer(),
      suppressTemplateIndentation: true,
    });
    const template = memberRolesTemplate(manifests);
    const parameters = memberRolesParameters(config, names, manifests);
    rejectRefusedByAws(template, parameters);

    const { rolloutOus, roleRegion, callAs, hubLocation } = config.roles;
    const stackSetName = config.stackSetName ?? name;
    new CfnStackSet(this, 'MemberRoles', {
      stackSetName,
      description: "Polo's roles in member accounts",
      permissionModel: 'SERVICE_MANAGED',
      callAs,
      // A new account gets the roles without anybody, and one that leaves keeps nothing of Polo's.
      autoDeployment: { enabled: true, retainStacksOnAccountRemoval: false },
      managedExecution: { Active: true },
      capabilities: ['CAPABILITY_NAMED_IAM'],
      // One account that refuses holds up no other. Without the second line accounts would be served one by one.
      operationPreferences: { failureTolerancePercentage: 100, maxConcurrentPercentage: 100 },
      parameters: Object.entries(parameters).map(([parameterKey, parameterValue]) => ({ parameterKey, parameterValue })),
      // IAM is global: in a second region the roles' names would be taken.
      stackInstancesGroup: [{ regions: [roleRegion], deploymentTargets: { organizationalUnitIds: [...rolloutOus] } }],
      templateBody: templateBody(template),
    });
    // A delegated administrator is a member account: the stack set serves it.
    if (callAs === 'SELF') this.addOwnRoles(template, parameters);
    if (hubLocation === 'member-account') addManagementRoles(this, { config, names, stackSetName });
  }

  private addOwnRoles(template: Json, parameters: Readonly<Record<string, string>>): void {
    const roles = new Map<string, CfnRole>();
    const roleOf = (logicalId: string): CfnRole => {
      const role = roles.get(logicalId);
      if (role === undefined) throw new Error(`the member roles' template refers to ${logicalId}, which is no role`);
      return role;
    };
    const pseudo = { 'AWS::Partition': Aws.PARTITION, 'AWS::AccountId': Aws.ACCOUNT_ID };
    // Roles are named: what refers to one by its logical id needs nothing more to be settled.
    const { resources, outputs } = settle(template, parameters, pseudo, (logicalId, attribute) => ({ logicalId, attribute }));
    for (const [logicalId, { Type, Properties }] of Object.entries(resources)) {
      if (Type === 'AWS::IAM::Role') {
        const { RoleName, Path, Description, MaxSessionDuration, Policies, Tags, AssumeRolePolicyDocument: _, ...unknown } = Properties;
        rejectUnknown(logicalId, unknown);
        const role = new CfnRole(this, logicalId, {
          roleName: RoleName,
          path: Path,
          description: Description,
          maxSessionDuration: MaxSessionDuration,
          assumeRolePolicyDocument: trustPolicy(Properties),
          policies: Policies.map(({ PolicyName, PolicyDocument }: Json) => ({ policyName: PolicyName, policyDocument: PolicyDocument })),
          tags: Tags.map(({ Key, Value }: Json) => ({ key: Key, value: Value })),
        });
        roles.set(logicalId, role);
      } else if (Type === 'AWS::IAM::Policy') {
        const { PolicyName, PolicyDocument, Roles, ...unknown } = Properties;
        rejectUnknown(logicalId, unknown);
        new CfnPolicy(this, logicalId, { policyName: PolicyName, policyDocument: PolicyDocument, roles: Roles.map((role: Json) => roleOf(role.logicalId).ref) });
      } else {
        throw new Error(`the member roles' template has a ${Type}, which this stack cannot make`);
      }
    }
    for (const [id, { Description, Value }] of Object.entries(outputs)) {
      const value = typeof Value === 'string' ? Value : roleOf(Value.logicalId).attrArn;
      new CfnOutput(this, id, { description: Description, value });
    }
  }
}

function rejectUnknown(logicalId: string, properties: Readonly<Record<string, unknown>>): void {
  const [property] = Object.keys(properties);
  if (property !== undefined) throw new Error(`the member roles' template gives ${logicalId} a ${property}, which this stack cannot set`);
}
