using '../main.bicep'

param environmentName = 'atomic-devops-small'
param location = 'swedencentral'
param size = 'small'
