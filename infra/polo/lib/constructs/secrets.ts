/**
 * The secrets that this app makes.
 * Invariant: no template holds a secret: ClickHouse's password is made by Secrets Manager, and Slack's address is put in by
 * a person. Neither goes with its stack.
 */
import { RemovalPolicy } from 'aws-cdk-lib';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Names } from '../names.ts';
import type { SecretSettings } from '../settings/secret-settings.ts';

const PASSWORD_CHARACTERS = 40;

export class Secrets extends Construct {
  constructor(scope: Construct, id: string, names: Names, { clickhousePassword, slackWebhook }: SecretSettings) {
    super(scope, id);
    if (clickhousePassword !== undefined && clickhousePassword.arn === undefined) {
      this.kept('ClickhousePassword', {
        name: names.secret('clickhouse-password'),
        description: "Polo: the password of Polo's user in ClickHouse",
        // Letters and digits: SQL, shells and addresses take them unquoted.
        generateSecretString: { passwordLength: PASSWORD_CHARACTERS, excludePunctuation: true },
      });
    }
    if (slackWebhook !== undefined && slackWebhook.arn === undefined) {
      // Empty until somebody puts the address in: a made-up one would only fail later.
      this.kept('SlackWebhook', {
        name: names.secret('slack-webhook'),
        description: "Polo: the address of Slack's incoming webhook; put it in with put-secret-value",
      });
    }
  }

  private kept(id: string, props: ConstructorParameters<typeof CfnSecret>[2]): void {
    new CfnSecret(this, id, props).applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
  }
}
