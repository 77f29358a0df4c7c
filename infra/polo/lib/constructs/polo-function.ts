/**
 * One Lambda function of Polo with its log group, its own role and its failure path.
 * Invariant: the role has exactly the statements given here and written below; CDK may not add to it later.
 */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type PolicyStatement, PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type Code, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { PoloConfig } from '../settings/polo-config.ts';
import { INVOCATION_RETRY_ATTEMPTS, MAX_EVENT_AGE } from '../delivery.ts';
import { type Environment, rejectOversized } from '../environment.ts';
import type { Names } from '../names.ts';
import { keepFailedInvocations, writeOwnLogs } from '../rights/permissions.ts';
import type { DeadLetters } from './dead-letters.ts';

export interface PoloFunctionProps {
  readonly config: PoloConfig;
  readonly names: Names;
  readonly description: string;
  readonly memoryMb: number;
  readonly timeoutS: number;
  readonly code: Code;
  readonly environment: Environment;
  readonly statements: readonly PolicyStatement[];
  readonly deadLetters: DeadLetters;
}

export class PoloFunction extends Construct {
  readonly lambda: LambdaFunction;

  /** `id` is the function's id: the binary's name, and the end of the function's and the role's name. */
  constructor(scope: Construct, id: string, props: PoloFunctionProps) {
    super(scope, id);
    const { config, deadLetters } = props;
    const name = props.names.functionAndRole(id);
    const logGroupName = `/aws/lambda/${name}`;
    rejectOversized(id, props.environment);

    const logGroup = new LogGroup(this, 'Logs', {
      logGroupName,
      retention: config.logRetentionDays satisfies RetentionDays,
      // The tables hold the history; a log group that outlives the stack would only block its return under this name.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // Named, because member accounts' trust policies name it. The policy is part of the role, so it is there as soon as
    // the role is, and nothing that takes the role can find it without.
    const role = new Role(this, 'Role', {
      roleName: name,
      description: `Polo: the role of the function ${name}`,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        Rights: new PolicyDocument({
          statements: [writeOwnLogs(logGroupName), keepFailedInvocations(deadLetters.queueName), ...props.statements],
        }),
      },
    });
    this.lambda = new LambdaFunction(this, 'Function', {
      functionName: name,
      description: props.description,
      runtime: Runtime.PROVIDED_AL2023,
      architecture: config.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      handler: 'bootstrap',
      code: props.code,
      memorySize: props.memoryMb,
      timeout: Duration.seconds(props.timeoutS),
      reservedConcurrentExecutions: config.reservedConcurrency[id],
      environment: { ...props.environment },
      role: role.withoutPolicyUpdates(),
      logGroup,
      loggingFormat: LoggingFormat.JSON,
    });
    this.lambda.configureAsyncInvoke({
      maxEventAge: MAX_EVENT_AGE,
      retryAttempts: INVOCATION_RETRY_ATTEMPTS,
      onFailure: deadLetters.forInvocations,
    });
  }
}
