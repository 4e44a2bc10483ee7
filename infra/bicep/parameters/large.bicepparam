using '../main.bicep'

param environmentName = 'atomic-devops-large'
param location = 'swedencentral'
param size = 'large'
param privateNetworking = true
