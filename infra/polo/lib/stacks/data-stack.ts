/**
 * What of Polo people would miss in the hub account: the secrets, what could not be done, and whom alarms tell.
 * Invariant: nothing here is deleted with the stack, and the functions' stack knows all of it by name alone: an export would
 * forbid changing what another stack imports.
 */
import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { PoloConfig } from '../settings/polo-config.ts';
import { AlarmTopic } from '../constructs/alarm-topic.ts';
import { DeadLetterQueue } from '../constructs/dead-letters.ts';
import { Secrets } from '../constructs/secrets.ts';
import { hubEnvironment } from './hub-environment.ts';
import { namesFor } from '../names.ts';

export class DataStack extends Stack {
  constructor(scope: Construct, config: PoloConfig) {
    const names = namesFor(config.env);
    const name = names.stack('data');
    super(scope, name, {
      stackName: name,
      env: hubEnvironment(config),
      description: 'Polo: what outlives its functions: secrets, dead letters and the topic of its alarms',
      terminationProtection: true,
    });
    new Secrets(this, 'Secrets', names, config.secrets);
    new DeadLetterQueue(this, 'DeadLetters', names);
    new AlarmTopic(this, 'Alarms', names, config.alarms.emails);
  }
}
