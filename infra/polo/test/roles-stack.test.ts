/** The rollout: the stack set as AWS takes it, and the management account's own roles, which are the same ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memberRolesTemplate } from '../lib/inputs/member-roles.ts';
import { MANIFESTS, ORGANIZATION, roleOf, settled } from './support/member-roles.ts';
import { ROLLOUT, synthesizeRoles } from './support/roles-stack.ts';
import type { Plain, SynthesizedStack } from './support/stack.ts';

const EVERYTHING = {
  ...ROLLOUT,
  env: 'prod',
  hubOrganizationId: ORGANIZATION,
  actionRole: 'on',
  deletableBucketArns: 'arn:aws:s3:::old-exports',
  extraPrincipalArns: 'arn:aws:iam::333333333333:user/port-ocean',
  oidcProvider: 'oidc.eks.eu-west-1.amazonaws.com/id/0123',
  oidcSubject: 'system:x',
  stackSetName: 'polo-roles',
  rolePath: '/platform/finops/',
  roleRegion: 'eu-west-1',
};

function stackSetOf(stack: SynthesizedStack): Plain {
  const [only, ...others] = stack.all('AWS::CloudFormation::StackSet');
  assert.ok(only && others.length === 0);
  return only.properties;
}

function parametersOf({ Parameters }: Plain): Record<string, string> {
  return Object.fromEntries(Parameters.map(({ ParameterKey, ParameterValue }: Plain) => [ParameterKey, ParameterValue]));
}

test('the stack set deploys to the OUs by itself, everywhere at once, and takes everything along when an account leaves', () => {
  const { Parameters, TemplateBody, ...others } = stackSetOf(synthesizeRoles(ROLLOUT).stack);
  assert.deepEqual(others, {
    StackSetName: 'dev-polo-roles',
    Description: "Polo's roles in member accounts",
    PermissionModel: 'SERVICE_MANAGED',
    CallAs: 'SELF',
    AutoDeployment: { Enabled: true, RetainStacksOnAccountRemoval: false },
    ManagedExecution: { Active: true },
    Capabilities: ['CAPABILITY_NAMED_IAM'],
    OperationPreferences: { FailureTolerancePercentage: 100, MaxConcurrentPercentage: 100 },
    StackInstancesGroup: [{ Regions: ['us-east-1'], DeploymentTargets: { OrganizationalUnitIds: ['ou-ab12-34567890', 'ou-ab12-45678901'] } }],
  });
  assert.deepEqual(JSON.parse(TemplateBody), memberRolesTemplate(MANIFESTS));
  assert.ok(Buffer.byteLength(TemplateBody) < 51_200);
});

test('name, region and caller are settings', () => {
  const { StackSetName, CallAs, StackInstancesGroup } = stackSetOf(synthesizeRoles({ ...EVERYTHING, hubLocation: 'delegated-administrator' }).stack);
  assert.deepEqual([StackSetName, CallAs, StackInstancesGroup[0].Regions], ['polo-roles', 'DELEGATED_ADMIN', ['eu-west-1']]);
});

for (const [name, settings] of Object.entries({ least: ROLLOUT, everything: EVERYTHING })) {
  test(`${name}: the management account's own roles are those of the stack set`, () => {
    const { stack } = synthesizeRoles(settings);
    const inner = settled(parametersOf(stackSetOf(stack)));
    const own = Object.fromEntries(
      stack.all('AWS::IAM::Role').concat(stack.all('AWS::IAM::Policy')).map(({ logicalId, type, properties }) => {
        const text = JSON.stringify(properties).replaceAll('${AWS::Partition}', 'aws').replaceAll('${AWS::AccountId}', '222222222222').replaceAll(/<(\w+)>/g, '$1');
        return [logicalId, { Type: type, Properties: JSON.parse(text) }];
      }),
    );
    const expected = Object.entries(inner.resources).map(([id, { Type, Properties }]) => [
      id,
      { Type, Properties: Type === 'AWS::IAM::Role' ? { ...Properties, AssumeRolePolicyDocument: roleOf(inner, id).trust } : Properties },
    ]);
    assert.deepEqual(own, Object.fromEntries(expected));
  });
}

test('a delegated administrator is a member account: the stack set serves it, and the stack holds nothing else', () => {
  const { stack, template } = synthesizeRoles({ ...EVERYTHING, hubLocation: 'delegated-administrator' });
  assert.deepEqual(stack.types(), ['AWS::CloudFormation::StackSet']);
  assert.equal(template.Outputs, undefined);
});

test('a path reaches the accounts of the stack set and the management account alike', () => {
  const { stack } = synthesizeRoles(EVERYTHING);
  assert.equal(parametersOf(stackSetOf(stack))['RolePath'], '/platform/finops/');
  assert.deepEqual(
    stack.all('AWS::IAM::Role').map(({ properties: { RoleName, Path } }) => [RoleName, Path]),
    [['prod-PoloReadRole', '/platform/finops/'], ['prod-polo-action-role', '/platform/finops/']],
  );
});

test('it needs no bootstrapped account, and stays below what CloudFormation takes in a call', () => {
  const { stack, template } = synthesizeRoles(EVERYTHING);
  assert.deepEqual([template.Parameters, template.Rules], [undefined, undefined]);
  assert.ok(Buffer.byteLength(stack.json) < 51_200, `${Buffer.byteLength(stack.json)} bytes`);
  assert.deepEqual(Object.keys(template.Outputs).sort(), ['ActionRoleArn', 'ReadRoleArn', 'TemplateVersion']);
});
