using 'main.bicep'

var client = readEnvironmentVariable('R1_ENTRA_CLIENT_ID', '')
var principal = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
var identities = filter(split(readEnvironmentVariable('R1_ENTRA_IDENTITIES', ''), ','), id => !empty(id))
var groups = filter(split(readEnvironmentVariable('R1_ENTRA_GROUPS', ''), ','), id => !empty(id))

// For runs that matter: dedicated nodes stand in for spot ones, storage by private endpoints alone, Entra ID in front of the key.
param environmentName = 'r1-prod'
param location = readEnvironmentVariable('AZURE_LOCATION', 'swedencentral')
param principalId = principal
param trainerImage = readEnvironmentVariable('R1_TRAINER_IMAGE', '')
param vmSize = 'Standard_NC24ads_A100_v4'
param workerThreads = 24
param maxSpotNodes = 8
param maxDedicatedNodes = 2
param vnetEnabled = true
param entraClientId = empty(client) ? fail('R1_ENTRA_CLIENT_ID is not set: production asks for sign-in, name an Entra ID application (docs/azure.md, Sign-in).') : client
param entraIdentities = empty(concat(identities, groups)) && empty(principal) ? fail('R1_ENTRA_IDENTITIES and R1_ENTRA_GROUPS are not set: name who may sign in (docs/azure.md, Sign-in).') : identities
param entraGroups = groups
param rolloutRetentionDays = 30
param monthlyBudget = 2000
param budgetContacts = empty(readEnvironmentVariable('R1_BUDGET_EMAIL', '')) ? [] : [readEnvironmentVariable('R1_BUDGET_EMAIL', '')]
param budgetStart = readEnvironmentVariable('R1_BUDGET_START', '')
