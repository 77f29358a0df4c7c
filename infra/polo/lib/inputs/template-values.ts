/**
 * Works out a CloudFormation template for given parameters: what CloudFormation would make of its intrinsic functions.
 * Invariant: an intrinsic or a reference that this file does not know is an error, never left standing or skipped over.
 */

/** Any JSON value. */
export type Json = any;

/** The pseudo parameters a template may use, and what stands for each. */
export type PseudoParameters = Readonly<Record<`AWS::${string}`, string>>;

export interface SettledTemplate {
  /** By logical id; those whose condition does not hold are absent. */
  readonly resources: Readonly<Record<string, { readonly Type: string; readonly Properties: Json }>>;
  readonly outputs: Readonly<Record<string, { readonly Description: string; readonly Value: Json }>>;
}

/** In place of a property or an entry of a list: leave it out. */
const NO_VALUE = Symbol('AWS::NoValue');

/**
 * `parameters` are given as text, lists with commas, as CloudFormation takes them; absent ones have their defaults. A
 * reference to a resource or to one of its attributes becomes what `resourceValue` gives.
 */
export function settle(
  template: Json,
  parameters: Readonly<Record<string, string>>,
  pseudo: PseudoParameters,
  resourceValue: (logicalId: string, attribute?: string) => Json,
): SettledTemplate {
  const values = new Map<string, Json>(Object.entries(pseudo));
  for (const [name, { Type, Default }] of Object.entries<Json>(template.Parameters)) {
    const text = parameters[name] ?? Default;
    if (text === undefined) throw new Error(`the parameter ${name} has no value`);
    values.set(name, Type === 'CommaDelimitedList' ? text.split(',').map((item: string) => item.trim()) : text);
  }

  const holds = (condition: string): boolean => {
    const body = template.Conditions[condition];
    if (body === undefined) throw new Error(`there is no condition ${condition}`);
    return truth(body);
  };
  const truth = (body: Json): boolean => {
    const [name, argument] = single(body);
    if (name === 'Condition') return holds(argument);
    if (name === 'Fn::Equals') return value(argument[0]) === value(argument[1]);
    if (name === 'Fn::Not') return !truth(argument[0]);
    if (name === 'Fn::And') return argument.every(truth);
    if (name === 'Fn::Or') return argument.some(truth);
    throw new Error(`the condition function ${name} is not known`);
  };
  const reference = (name: string): Json => {
    if (name === 'AWS::NoValue') return NO_VALUE;
    if (values.has(name)) return values.get(name);
    if (name in template.Resources) return resourceValue(name);
    throw new Error(`there is neither a parameter nor a resource ${name}`);
  };
  const substituted = (argument: Json): string => {
    const [text, own] = Array.isArray(argument) ? argument : [argument, {}];
    return text.replace(/\$\{([^}]+)\}/g, (_: string, name: string) => (name in own ? value(own[name]) : reference(name)));
  };
  const intrinsic = (name: string, argument: Json): Json => {
    if (name === 'Ref') return reference(argument);
    if (name === 'Fn::GetAtt') return resourceValue(argument[0], argument[1]);
    if (name === 'Fn::FindInMap') return template.Mappings[value(argument[0])][value(argument[1])][value(argument[2])];
    if (name === 'Fn::If') return value(holds(argument[0]) ? argument[1] : argument[2]);
    if (name === 'Fn::Join') return value(argument[1]).join(argument[0]);
    if (name === 'Fn::Split') return value(argument[1]).split(argument[0]);
    if (name === 'Fn::Sub') return substituted(argument);
    throw new Error(`the intrinsic function ${name} is not known`);
  };
  const value = (body: Json): Json => {
    if (Array.isArray(body)) return body.map(value).filter((item) => item !== NO_VALUE);
    if (typeof body !== 'object' || body === null) return body;
    const [name] = Object.keys(body);
    if (name === 'Ref' || name?.startsWith('Fn::')) return intrinsic(...single(body));
    const entries = Object.entries(body).map(([key, inner]): [string, Json] => [key, value(inner)]);
    return Object.fromEntries(entries.filter(([, inner]) => inner !== NO_VALUE));
  };
  const kept = (section: Json): [string, Json][] => Object.entries<Json>(section).filter(([, { Condition }]) => Condition === undefined || holds(Condition));

  return {
    resources: Object.fromEntries(kept(template.Resources).map(([id, { Type, Properties }]) => [id, { Type, Properties: value(Properties) }])),
    outputs: Object.fromEntries(kept(template.Outputs).map(([id, { Description, Value }]) => [id, { Description, Value: value(Value) }])),
  };
}

function single(body: Json): [name: string, argument: Json] {
  const entries = Object.entries(body);
  const [first] = entries;
  if (first === undefined || entries.length !== 1) throw new Error(`not one function: ${JSON.stringify(body)}`);
  return first;
}
