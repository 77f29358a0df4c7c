/**
 * Hands account events of the management account on to the hub's bus. It goes to where they appear: to us-east-1 for
 * those of Organizations, and besides to Control Tower's home region, if that is another.
 * Invariant: the template is the same in every region, and needs no bootstrapped account; the role can put events on the
 * hub's bus and do nothing else. Without dead letters: what is lost here, the next scheduled discovery finds.
 */
import { Aws, BootstraplessSynthesizer, Stack } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { ACCOUNT_EVENTS } from '../account-events.ts';
import type { PoloConfig } from '../settings/polo-config.ts';
import { eventPattern } from '../constructs/event-rule.ts';
import { hubOf } from '../settings/forwarding-settings.ts';
import { namesFor } from '../names.ts';

export class ForwarderStack extends Stack {
  constructor(scope: Construct, config: PoloConfig) {
    const names = namesFor(config.env);
    const name = `${names.bus}-forwarder`;
    super(scope, name, {
      stackName: name,
      description: "Polo: forwards events about accounts from the management account to the hub's bus",
      synthesizer: new BootstraplessSynthesizer(),
    });
    const hub = hubOf(config.roles, config.forwarding);
    const hubBus = `arn:${Aws.PARTITION}:events:${hub.region}:${hub.accountId}:event-bus/${names.bus}`;
    const ruleName = names.rule('forward-account-changes');

    // Without a name: IAM is global, and the stack may be in two regions.
    const role = new Role(this, 'Role', {
      description: `Polo: hands account events on to the bus ${names.bus} of ${hub.accountId} in ${hub.region}`,
      assumedBy: new ServicePrincipal('events.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
          ArnEquals: { 'aws:SourceArn': `arn:${Aws.PARTITION}:events:${Aws.REGION}:${Aws.ACCOUNT_ID}:rule/${ruleName}` },
        },
      }),
      inlinePolicies: {
        Rights: new PolicyDocument({ statements: [new PolicyStatement({ sid: 'ForwardToHub', actions: ['events:PutEvents'], resources: [hubBus] })] }),
      },
    });
    new Rule(this, 'Rule', {
      ruleName,
      description: 'Forwards what happens to accounts to Polo, which lists them anew',
      eventPattern: eventPattern(ACCOUNT_EVENTS),
      targets: [{ bind: () => ({ arn: hubBus, role: role.withoutPolicyUpdates() }) }],
    });
  }
}
