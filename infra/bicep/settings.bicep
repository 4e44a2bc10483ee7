metadata description = 'What the platform can be told in Azure. docs/configuration.md says what each setting means.'

@export()
@sealed()
@description('Settings of the platform by the name of their app setting. What is left out has its default.')
type PlatformSettings = {
  @description('The time between two looks at every agent, as hh:mm:ss. The alert on silence needs three of them to fit into its window.')
  Platform__HealthInterval: string?

  @description('The client id of the GitHub App. Either this or its number.')
  GitHub__App__ClientId: string?

  @description('The number of the GitHub App.')
  GitHub__App__AppId: string?

  @description('The number of the installation of the GitHub App.')
  GitHub__App__InstallationId: string?

  @description('The REST API of a GitHub Enterprise Server: https://HOST/api/v3/.')
  GitHub__BaseAddress: string?

  @description('How long a request may wait for a rate limit, as hh:mm:ss.')
  GitHub__RateLimitWait: string?

  @description('How long one exchange with GitHub may take, as hh:mm:ss.')
  GitHub__Timeout: string?

  @description('Requests to GitHub at the same time, of each instance.')
  GitHub__MaxConcurrency: string?

  @description('Bytes of GitHub\'s answers that each instance keeps, to ask for them conditionally.')
  GitHub__CacheBytes: string?

  @description('The container engine that builds and tests: tcp://HOST:2376. An instance of the function app has none of its own.')
  Docker__Endpoint: string?

  @description('The directory with ca.pem, cert.pem and key.pem for that engine.')
  Docker__CertificatePath: string?

  @description('How long calls to the engine that move no content may take, as hh:mm:ss.')
  Docker__CallTimeout: string?

  @description('How long pulls, pushes and archives may take, as hh:mm:ss.')
  Docker__TransferTimeout: string?

  @description('The git program: a name in PATH or an absolute path.')
  Git__Executable: string?

  @description('How long one call of git may take, as hh:mm:ss.')
  Git__Timeout: string?

  @description('Who makes tags.')
  Git__UserName: string?

  @description('The address of who makes tags.')
  Git__UserEmail: string?

  @description('A GnuPG home with the public keys that signatures are checked against.')
  Git__GnuPgHome: string?

  @description('A file of SSH keys that signatures are checked against.')
  Git__AllowedSignersFile: string?

  @description('Bytes kept of a stage\'s output.')
  Logs__StageBytes: string?

  @description('Where an OTLP collector listens, beside Application Insights: https://HOST:4317.')
  OTEL_EXPORTER_OTLP_ENDPOINT: string?

  @description('How it is spoken to: grpc or http/protobuf.')
  OTEL_EXPORTER_OTLP_PROTOCOL: ('grpc' | 'http/protobuf')?

  @description('What this installation is called there.')
  OTEL_SERVICE_NAME: string?

  @description('The tenant that the platform signs in to, where it is not its own.')
  Azure__TenantId: string?

  @description('Resource Manager of another cloud.')
  Azure__BaseAddress: string?

  @description('What tokens for it are asked for, where it is not the cloud\'s own.')
  Azure__Audience: string?

  @description('Where such tokens come from, for a cloud of your own.')
  Azure__AuthorityHost: string?

  @description('How long a request to Resource Manager may wait for a limit, as hh:mm:ss.')
  Azure__ThrottleWait: string?

  @description('How long one exchange with Resource Manager may take, as hh:mm:ss.')
  Azure__Timeout: string?

  @description('Bytes of the largest request.')
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: string?
}

@export()
@description('A setting whose value is a secret of the key vault, called as the setting is, with - for each _.')
type SecretSetting =
  | 'GitHub__Token'
  | 'GitHub__App__PrivateKey'
  | 'GitHub__Webhook__Secret'
  | 'GitHub__Webhook__PreviousSecret'
  | 'OTEL_EXPORTER_OTLP_HEADERS'

@export()
@sealed()
@description('A container registry, and which of its credentials is in the key vault.')
type Registry = {
  @description('The registry as image names have it, such as registry.example.com:5000.')
  host: string

  @description('The user there. Left out with an identity token, or where no credentials are needed.')
  username: string?

  @description('What the key vault holds for it: the secret Docker--Registries--N--Password or Docker--Registries--N--IdentityToken, N from 0.')
  secret: 'None' | 'Password' | 'IdentityToken'
}

@export()
@description('The app setting that reads a secret of the key vault whenever its value changes.')
func secretReference(vault string, setting string) string =>
  '@Microsoft.KeyVault(VaultName=${vault};SecretName=${replace(setting, '_', '-')})'

@export()
@description('The app settings among these that have a value.')
func givenSettings(settings PlatformSettings) object =>
  toObject(filter(items(settings), each => each.?value != null), each => each.key, each => each.?value)

@export()
@description('The app settings for the repositories that the platform works for.')
func repositorySettings(repositories string[]) object =>
  toObject(range(0, length(repositories)), n => 'Platform__Repositories__${n}', n => repositories[n])

@export()
@description('The app settings for the agents that are switched off.')
func agentSettings(switchedOff string[]) object =>
  toObject(switchedOff, name => 'Agents__${name}__Enabled', name => 'false')

@export()
@description('The app settings for the secrets in the key vault.')
func secretSettings(secrets SecretSetting[], vault string) object =>
  toObject(secrets, name => name, name => secretReference(vault, name))

@export()
@description('The app settings for secrets that deployments use, by the names that they have there.')
func cloudSecretSettings(names string[], vault string) object =>
  union(
    toObject(range(0, length(names)), n => 'CloudApi__Secrets__${n}__Name', n => names[n]),
    toObject(
      range(0, length(names)),
      n => 'CloudApi__Secrets__${n}__Secret',
      n => secretReference(vault, 'CloudApi__Secrets__${n}__Secret')
    )
  )

@export()
@description('The app settings for the registries.')
func registrySettings(registries Registry[], vault string) object =>
  reduce(
    range(0, length(registries)),
    {},
    (all, n) =>
      union(
        all,
        { 'Docker__Registries__${n}__Host': registries[n].host },
        registries[n].?username == null ? {} : { 'Docker__Registries__${n}__Username': registries[n].?username },
        registries[n].secret == 'None'
          ? {}
          : {
              'Docker__Registries__${n}__${registries[n].secret}': secretReference(
                vault,
                'Docker__Registries__${n}__${registries[n].secret}'
              )
            }
      )
  )
