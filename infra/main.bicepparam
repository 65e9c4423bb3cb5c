using 'main.bicep'

// What `azd up` deploys: the values of the azd environment (azd env set NAME VALUE), and beside them the defaults of main.bicep.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'r1')
param location = readEnvironmentVariable('AZURE_LOCATION', 'swedencentral')
param principalId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param principalType = readEnvironmentVariable('AZURE_PRINCIPAL_TYPE', 'User')
param trainerImage = readEnvironmentVariable('R1_TRAINER_IMAGE', '')
param vmSize = readEnvironmentVariable('R1_VM_SIZE', 'Standard_NC24ads_A100_v4')
param workerThreads = int(readEnvironmentVariable('R1_WORKER_THREADS', '24'))
param maxSpotNodes = int(readEnvironmentVariable('R1_MAX_SPOT_NODES', '4'))
param maxDedicatedNodes = int(readEnvironmentVariable('R1_MAX_DEDICATED_NODES', '1'))
param poolAllocationMode = readEnvironmentVariable('R1_POOL_ALLOCATION', 'BatchService')
param batchServicePrincipalId = readEnvironmentVariable('R1_BATCH_PRINCIPAL_ID', '')
param vnetEnabled = bool(readEnvironmentVariable('R1_VNET', 'false'))
param entraClientId = readEnvironmentVariable('R1_ENTRA_CLIENT_ID', '')
param entraIdentities = filter(split(readEnvironmentVariable('R1_ENTRA_IDENTITIES', ''), ','), id => !empty(id))
param entraGroups = filter(split(readEnvironmentVariable('R1_ENTRA_GROUPS', ''), ','), id => !empty(id))
param spotPricePerHour = readEnvironmentVariable('R1_PRICE_SPOT', '0')
param dedicatedPricePerHour = readEnvironmentVariable('R1_PRICE_DEDICATED', '0')
param monthlyBudget = int(readEnvironmentVariable('R1_BUDGET', '200'))
param budgetContacts = empty(readEnvironmentVariable('R1_BUDGET_EMAIL', '')) ? [] : [readEnvironmentVariable('R1_BUDGET_EMAIL', '')]
param budgetStart = readEnvironmentVariable('R1_BUDGET_START', '')
