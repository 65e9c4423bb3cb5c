using 'main.bicep'

// For trying things out: one small GPU at a time, open to the internet by identity and key.
param environmentName = 'r1-dev'
param location = readEnvironmentVariable('AZURE_LOCATION', 'swedencentral')
param principalId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param trainerImage = readEnvironmentVariable('R1_TRAINER_IMAGE', '')
param vmSize = 'Standard_NC4as_T4_v3'
param workerThreads = 4
param maxSpotNodes = 1
param maxDedicatedNodes = 0
param rolloutRetentionDays = 7
param monthlyBudget = 50
param budgetContacts = empty(readEnvironmentVariable('R1_BUDGET_EMAIL', '')) ? [] : [readEnvironmentVariable('R1_BUDGET_EMAIL', '')]
param budgetStart = readEnvironmentVariable('R1_BUDGET_START', '')
