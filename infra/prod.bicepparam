using 'main.bicep'

// For runs that matter: dedicated nodes stand in for spot ones, storage by private endpoints alone, Entra ID in front of the key.
param environmentName = 'r1-prod'
param location = readEnvironmentVariable('AZURE_LOCATION', 'swedencentral')
param principalId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param trainerImage = readEnvironmentVariable('R1_TRAINER_IMAGE', '')
param vmSize = 'Standard_NC24ads_A100_v4'
param workerThreads = 24
param maxSpotNodes = 8
param maxDedicatedNodes = 2
param vnetEnabled = true
param entraClientId = readEnvironmentVariable('R1_ENTRA_CLIENT_ID', '')
param rolloutRetentionDays = 30
param monthlyBudget = 2000
param budgetContacts = empty(readEnvironmentVariable('R1_BUDGET_EMAIL', '')) ? [] : [readEnvironmentVariable('R1_BUDGET_EMAIL', '')]
param budgetStart = readEnvironmentVariable('R1_BUDGET_START', '')
