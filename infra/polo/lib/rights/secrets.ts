/**
 * The secrets: what each is called and who may read it.
 * Invariant: a function that may read a secret may read no other, and its environment holds the secret's name or ARN, never
 * its content.
 */
import { Aws } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Names } from '../names.ts';
import type { SecretSetting } from '../settings/secret-settings.ts';

/** The secrets by what they are for; the name in Secrets Manager is `<env>-polo/<purpose>`. */
export type SecretPurpose = 'clickhouse-password' | 'slack-webhook';

/** As GetSecretValue takes it: the name of a secret of ours, the ARN of another. */
export function secretId(names: Names, purpose: SecretPurpose, { arn }: SecretSetting): string {
  return arn ?? names.secret(purpose);
}

export function readSecret(names: Names, purpose: SecretPurpose, setting: SecretSetting): PolicyStatement[] {
  const arn = setting.arn ?? madeSecretArn(names, purpose);
  const read = new PolicyStatement({
    sid: purpose === 'slack-webhook' ? 'ReadSlackWebhook' : 'ReadClickhousePassword',
    actions: ['secretsmanager:GetSecretValue'],
    resources: [arn],
  });
  return setting.keyArn === undefined ? [read] : [read, decrypt(purpose, setting.keyArn, arn)];
}

/** Secrets Manager adds a hyphen and six characters to the name, which nobody knows before the secret is made. */
function madeSecretArn(names: Names, purpose: SecretPurpose): string {
  return `arn:${Aws.PARTITION}:secretsmanager:${Aws.REGION}:${Aws.ACCOUNT_ID}:secret:${names.secret(purpose)}-??????`;
}

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html */
function decrypt(purpose: SecretPurpose, keyArn: string, secretArn: string): PolicyStatement {
  return new PolicyStatement({
    sid: purpose === 'slack-webhook' ? 'DecryptSlackWebhook' : 'DecryptClickhousePassword',
    actions: ['kms:Decrypt'],
    resources: [keyArn],
    conditions: {
      StringEquals: { 'kms:ViaService': `secretsmanager.${Aws.REGION}.${Aws.URL_SUFFIX}`, 'kms:EncryptionContext:SecretARN': secretArn },
    },
  });
}
