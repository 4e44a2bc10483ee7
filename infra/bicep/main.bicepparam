using 'main.bicep'

// azd fills these in from its environment: azd env set NAME VALUE.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME')
param location = readEnvironmentVariable('AZURE_LOCATION')
param size = readEnvironmentVariable('ATOMIC_SIZE', 'small')
param privateNetworking = bool(readEnvironmentVariable('ATOMIC_PRIVATE_NETWORKING', 'false'))
param operatorPrincipalId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param operatorPrincipalType = readEnvironmentVariable('AZURE_PRINCIPAL_TYPE', 'User')
param alertEmail = readEnvironmentVariable('ATOMIC_ALERT_EMAIL', '')

// Lists are separated by commas.
param repositories = empty(readEnvironmentVariable('ATOMIC_REPOSITORIES', ''))
  ? []
  : split(readEnvironmentVariable('ATOMIC_REPOSITORIES', ''), ',')
param secrets = empty(readEnvironmentVariable('ATOMIC_SECRETS', ''))
  ? []
  : split(readEnvironmentVariable('ATOMIC_SECRETS', ''), ',')

// Every other setting: settings.bicep has their names. Left out, a setting has its default.
param settings = {
  Docker__Endpoint: empty(readEnvironmentVariable('ATOMIC_DOCKER_ENDPOINT', ''))
    ? null
    : readEnvironmentVariable('ATOMIC_DOCKER_ENDPOINT', '')
}
