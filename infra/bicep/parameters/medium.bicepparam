using '../main.bicep'

param environmentName = 'atomic-devops-medium'
param location = 'swedencentral'
param size = 'medium'
