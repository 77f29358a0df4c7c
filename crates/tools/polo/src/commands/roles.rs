//! `polo roles`. Invariant: an error names the option or variable that gave the value; nothing is printed before
//! everything is right.

use polo_core::CollectorManifest;
use polo_core::text::quoted;
use polo_roles::{Account, RolesError, Template, Values, read_role_trusted_names};
use polo_store::collectors::manifests;

use crate::cli::roles::{RoleOptions, Roles};
use crate::commands::find;
use crate::error::CliError;
use crate::{environment, output};

pub(crate) async fn run(command: &Roles) -> Result<(), CliError> {
    let manifests = manifests()?;
    let template = Template::filled(&manifests)?;
    let (Roles::Template(options) | Roles::Commands(options) | Roles::Terraform(options)) = command;
    reject_contradictions(options)?;
    let given = Given::read(options, &manifests)?;
    match command {
        Roles::Template(_) => {
            let template = template.with_defaults(&given.values());
            output::print_json(&template.map_err(|error| given.told(error))?)
        }
        Roles::Commands(_) => {
            let (account, roles) = resolved(&template, options, &given).await?;
            output::print_script(&polo_roles::commands(&account, &roles))
        }
        Roles::Terraform(_) => {
            let (account, roles) = resolved(&template, options, &given).await?;
            output::print_json(&polo_roles::terraform(&account, &roles))
        }
    }
}

async fn resolved(
    template: &Template,
    options: &RoleOptions,
    given: &Given,
) -> Result<(Account, polo_roles::Roles), CliError> {
    let id = find::optional_id(options.account.as_ref()).await?;
    let id = id.ok_or_else(|| {
        CliError::Usage(
            "--account is missing: give the 12 digits or the name of the account that gets the roles"
                .to_owned(),
        )
    })?;
    let partition = options.partition.clone();
    let account = Account { id, partition };
    let roles = template
        .resolve(&account, &given.values())
        .map_err(|error| given.told(error))?;
    Ok((account, roles))
}

/// What the template would take, and would then not do what was meant.
fn reject_contradictions(options: &RoleOptions) -> Result<(), CliError> {
    let has = |option: &Option<String>| option.as_ref().is_some_and(|value| !value.is_empty());
    let provider = has(&options.oidc_provider);
    let subject = has(&options.oidc_subject);
    let problem = if !options.action_role && options.action_role_name.is_some() {
        "--action-role-name is given without --action-role: add --action-role, or leave the name out"
    } else if !options.action_role && !options.deletable_buckets.is_empty() {
        "--deletable-bucket is given without --action-role: add --action-role, which deletes, or leave the bucket out"
    } else if provider && !subject {
        "--oidc-provider is given without --oidc-subject: name the one subject whose tokens may read"
    } else if subject && !provider {
        "--oidc-subject is given without --oidc-provider: name the provider of the tokens"
    } else if options.oidc_audience.is_some() && !provider {
        "--oidc-audience is given without --oidc-provider: name the provider of the tokens"
    } else {
        return Ok(());
    };
    Err(CliError::Usage(problem.to_owned()))
}

/// The template's parameters, each with what people know it by.
struct Given(Vec<Parameter>);

struct Parameter {
    name: &'static str,
    value: String,
    origin: Origin,
}

enum Origin {
    Option(&'static str),
    Variable(&'static str),
    /// Names that begin with what `--role-prefix` says.
    Prefix,
    /// Names that begin with the environment's.
    Environment,
}

impl Given {
    /// Options first, then the functions' variables, then what the functions would take themselves.
    fn read(options: &RoleOptions, manifests: &[CollectorManifest]) -> Result<Self, CliError> {
        let env = environment::name()?;
        let variables = environment::role_variables();
        let read_role = variables.read_role_name.as_deref().map(path_and_name);
        let action_role = variables.action_role_name.as_deref().map(path_and_name);
        if let (Some((read, _)), Some((action, _)), None) =
            (&read_role, &action_role, &options.role_path)
            && read != action
        {
            return Err(CliError::Failed(format!(
                "POLO_READ_ROLE_NAME has the path {read} and POLO_ACTION_ROLE_NAME the path {action}: both roles have \
                 one path, so correct one of them or give --role-path"
            )));
        }
        let (path_variable, path) = match (&read_role, &action_role) {
            (None, Some((path, _))) => ("POLO_ACTION_ROLE_NAME", Some(path.clone())),
            (role, _) => (
                "POLO_READ_ROLE_NAME",
                role.as_ref().map(|(path, _)| path.clone()),
            ),
        };
        let mut given = Self(Vec::new());
        for (name, option, value) in [
            ("HubAccountId", "--hub-account", &options.hub_account),
            ("ExternalId", "--external-id", &options.external_id),
            (
                "OrganizationId",
                "--organization-id",
                &options.organization_id,
            ),
            ("RolePath", "--role-path", &options.role_path),
            ("ReadRoleName", "--read-role-name", &options.read_role_name),
            (
                "ActionRoleName",
                "--action-role-name",
                &options.action_role_name,
            ),
            (
                "EnableActionRole",
                "--action-role",
                &options.action_role.then(|| "true".to_owned()),
            ),
            (
                "DeletableBucketArns",
                "--deletable-bucket",
                &list(&options.deletable_buckets),
            ),
            (
                "ExtraPrincipalArns",
                "--extra-principal",
                &list(&options.extra_principals),
            ),
            ("OidcProvider", "--oidc-provider", &options.oidc_provider),
            ("OidcSubject", "--oidc-subject", &options.oidc_subject),
            ("OidcAudience", "--oidc-audience", &options.oidc_audience),
        ] {
            given.add(name, Origin::Option(option), value.clone());
        }
        if let Some(prefix) = &options.role_prefix {
            for (name, value) in role_names(prefix) {
                given.add(name, Origin::Prefix, Some(value));
            }
        }
        for (name, variable, value) in [
            (
                "HubAccountId",
                "POLO_HUB_ACCOUNT_ID",
                variables.hub_account_id,
            ),
            ("ExternalId", "POLO_EXTERNAL_ID", variables.external_id),
            ("RolePath", path_variable, path),
            (
                "ReadRoleName",
                "POLO_READ_ROLE_NAME",
                read_role.map(|(_, name)| name),
            ),
            (
                "ActionRoleName",
                "POLO_ACTION_ROLE_NAME",
                action_role.map(|(_, name)| name),
            ),
        ] {
            given.add(name, Origin::Variable(variable), value);
        }
        for (name, value) in role_names(&format!("{env}-")).into_iter().chain([
            (
                "ReadRoleTrustedNames",
                read_role_trusted_names(&env, manifests).join(","),
            ),
            (
                "ActionRoleTrustedNames",
                format!("{env}-polo-access-verifier"),
            ),
        ]) {
            given.add(name, Origin::Environment, Some(value));
        }
        Ok(given)
    }

    /// Whoever comes first decides.
    fn add(&mut self, name: &'static str, origin: Origin, value: Option<String>) {
        if let Some(value) = value
            && self.origin(name).is_none()
        {
            self.0.push(Parameter {
                name,
                value,
                origin,
            });
        }
    }

    fn origin(&self, name: &str) -> Option<&Origin> {
        let parameter = self.0.iter().find(|parameter| parameter.name == name)?;
        Some(&parameter.origin)
    }

    fn values(&self) -> Values {
        self.0
            .iter()
            .map(|parameter| (parameter.name.to_owned(), parameter.value.clone()))
            .collect()
    }

    /// The error in the words of the command line.
    fn told(&self, error: RolesError) -> CliError {
        match &error {
            RolesError::Value {
                parameter,
                value,
                rule,
            } => match self.origin(parameter) {
                Some(Origin::Option(option)) => {
                    CliError::Usage(format!("{option} is {}: it {rule}", quoted(value)))
                }
                Some(Origin::Variable(variable)) => {
                    CliError::Failed(format!("{variable} is {}: it {rule}", quoted(value)))
                }
                Some(Origin::Prefix) => CliError::Usage(format!(
                    "--role-prefix makes the name {}: it {rule}",
                    quoted(value)
                )),
                Some(Origin::Environment) => CliError::Failed(format!(
                    "POLO_ENV makes the name {}: it {rule}",
                    quoted(value)
                )),
                None => error.into(),
            },
            RolesError::Missing { parameter, rule } => {
                let known = [
                    ("HubAccountId", "--hub-account", "POLO_HUB_ACCOUNT_ID"),
                    ("ExternalId", "--external-id", "POLO_EXTERNAL_ID"),
                ];
                match known.into_iter().find(|(name, ..)| name == parameter) {
                    Some((_, option, variable)) => CliError::Usage(format!(
                        "{option} is missing: give it or set {variable}; it {rule}"
                    )),
                    None => error.into(),
                }
            }
            RolesError::TooLong { .. } | RolesError::SameName { .. } => {
                CliError::Usage(error.to_string())
            }
            RolesError::Template { .. } => error.into(),
        }
    }
}

/// What the roles are called where nobody names them.
fn role_names(prefix: &str) -> [(&'static str, String); 2] {
    [
        ("ReadRoleName", format!("{prefix}PoloReadRole")),
        ("ActionRoleName", format!("{prefix}polo-action-role")),
    ]
}

/// What the functions take together, as `platform/reader`: a path that begins and ends with a slash, and a name.
fn path_and_name(text: &str) -> (String, String) {
    match text.trim_start_matches('/').rsplit_once('/') {
        None => ("/".to_owned(), text.trim_start_matches('/').to_owned()),
        Some((path, name)) => (format!("/{path}/"), name.to_owned()),
    }
}

/// A parameter's list; none where there is nothing in it.
fn list(items: &[String]) -> Option<String> {
    (!items.is_empty()).then(|| items.join(","))
}
