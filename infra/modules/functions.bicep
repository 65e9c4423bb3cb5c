// The Functions app on Flex Consumption: nothing runs, nothing costs while nobody asks and no timer is due.
param location string
param tags object
param planName string
param appName string
param appIdentityId string
param appIdentityClientId string
param workerIdentityId string
param workerIdentityClientId string

@description('The account of the app alone: package, host storage, task hub.')
param hostStorageName string
param hostStorageBlobEndpoint string
param deploymentContainer string

@description('The account of the runs, which workers share.')
param runsBlobEndpoint string
param runsQueueEndpoint string

param applicationInsightsConnectionString string
param batchEndpoint string
param batchPoolId string
param registryServer string
param trainerImage string
param containerOptions string
param services string

@description('The Durable Task Scheduler that keeps the orchestrations; empty for the storage account.')
param schedulerEndpoint string

param workerThreads int
param gpusPerNode int
param spotPricePerHour string
param dedicatedPricePerHour string
param entraClientId string

@description('Object ids of the people, applications and managed identities that pass sign-in; beside them the groups.')
param entraIdentities array
param entraGroups array

@description('The app\'s subnet; empty for none.')
param subnetId string

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: appName
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${appIdentityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${hostStorageBlobEndpoint}${deploymentContainer}'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: appIdentityId }
        }
      }
      runtime: { name: 'dotnet-isolated', version: '10.0' }
      // Decisions and look-ups need no large instances, and few: what computes are the Batch nodes.
      scaleAndConcurrency: { instanceMemoryMB: 2048, maximumInstanceCount: 40 }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
    }
  }

  resource settings 'config' = {
    name: 'appsettings'
    properties: {
      AZURE_CLIENT_ID: appIdentityClientId
      // The app's own page is at /.
      AzureWebJobsDisableHomepage: 'true'
      AzureWebJobsStorage__accountName: hostStorageName
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: appIdentityClientId
      R1Queues__queueServiceUri: runsQueueEndpoint
      R1Queues__credential: 'managedidentity'
      R1Queues__clientId: appIdentityClientId
      APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsightsConnectionString
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=AAD;ClientId=${appIdentityClientId}'
      R1_STORAGE: runsBlobEndpoint
      R1_BATCH_ENDPOINT: batchEndpoint
      R1_BATCH_POOL: batchPoolId
      R1_IMAGE: empty(trainerImage) ? 'none-yet' : '${registryServer}/${trainerImage}'
      R1_WORKER_IDENTITY: workerIdentityId
      R1_WORKER_CLIENT_ID: workerIdentityClientId
      R1_CONTAINER_OPTIONS: containerOptions
      R1_SERVICES: services
      // Which of host.json's back ends: by settings alone, the app's code knows of neither.
      AzureFunctionsJobHost__extensions__durableTask__storageProvider__type: empty(schedulerEndpoint) ? 'AzureStorage' : 'azureManaged'
      AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionStringName: empty(schedulerEndpoint) ? 'AzureWebJobsStorage' : 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING'
      DURABLE_TASK_SCHEDULER_CONNECTION_STRING: empty(schedulerEndpoint) ? '' : 'Endpoint=${schedulerEndpoint};Authentication=ManagedIdentity;ClientID=${appIdentityClientId}'
      R1_SIGN_IN: empty(entraClientId) ? 'false' : 'true'
      R1_SIGN_IN_IDENTITIES: join(entraIdentities, ',')
      R1_SIGN_IN_GROUPS: join(entraGroups, ',')
      R1_WORKER_THREADS: string(workerThreads)
      R1_GPUS_PER_NODE: string(gpusPerNode)
      R1_PRICE_SPOT: spotPricePerHour
      R1_PRICE_DEDICATED: dedicatedPricePerHour
      // Every other minute: how soon workers follow the queue, and fallen ones get up. Oftener would leave the free grant.
      R1_KEEP_WORKERS: '0 */2 * * * *'
    }
  }

  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

resource signIn 'Microsoft.Web/sites/config@2024-04-01' = if (!empty(entraClientId)) {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: { enabled: true }
    // The platform checks tokens and says who somebody is; the app sends browsers to sign in and refuses the others (R1_SIGN_IN).
    globalValidation: { requireAuthentication: false, unauthenticatedClientAction: 'AllowAnonymous', redirectToProvider: 'azureactivedirectory' }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: entraClientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: {
          // Tokens of version 2, which the registration must ask for (docs/azure.md): their audience is the client id alone.
          allowedAudiences: [entraClientId, 'api://${entraClientId}']
          // Without names the whole tenant would pass: then nobody does.
          defaultAuthorizationPolicy: {
            allowedPrincipals: {
              identities: empty(entraIdentities) && empty(entraGroups) ? ['00000000-0000-0000-0000-000000000000'] : entraIdentities
              groups: entraGroups
            }
          }
        }
      }
    }
  }
}

output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
