using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Infra.Tests;

/// <summary>main.bicep compiled once.</summary>
public sealed class TemplateFixture : IAsyncLifetime
{
    public JsonObject Template { get; private set; } = [];

    public async ValueTask InitializeAsync() => Template = await Bicep.BuildAsync(Repository.Path("infra", "main.bicep"));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>The properties that matter, on the compiled template.</summary>
public sealed class TemplateTests(TemplateFixture fixture) : IClassFixture<TemplateFixture>
{
    private static readonly string[] TooMuch =
    [
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", // Owner
        "b24988ac-6180-42a0-ab88-20f7382dd24c", // Contributor
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", // User Access Administrator
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168", // Role Based Access Control Administrator
    ];

    private IReadOnlyList<JsonObject> All => [.. Bicep.Resources(fixture.Template)];

    private JsonObject One(string type) => All.Single(resource => (string?)resource["type"] == type);

    [Theory]
    [InlineData("Microsoft.Resources/resourceGroups")]
    [InlineData("Microsoft.OperationalInsights/workspaces")]
    [InlineData("Microsoft.Insights/components")]
    [InlineData("Microsoft.ManagedIdentity/userAssignedIdentities")]
    [InlineData("Microsoft.Network/virtualNetworks")]
    [InlineData("Microsoft.Network/privateEndpoints")]
    [InlineData("Microsoft.Consumption/budgets")]
    public void Template_HoldsTheResource(string type) => All.ShouldContain(resource => (string?)resource["type"] == type);

    [Fact]
    public void Storage_HasNoKeysAndNoPublicBlobs()
    {
        var accounts = All.Where(resource => (string?)resource["type"] == "Microsoft.Storage/storageAccounts")
            .Select(account => account["properties"]!).ToList();
        accounts.Count.ShouldBe(2);
        foreach (var properties in accounts)
        {
            ((bool)properties["allowSharedKeyAccess"]!).ShouldBeFalse();
            ((bool)properties["allowBlobPublicAccess"]!).ShouldBeFalse();
            ((bool)properties["supportsHttpsTrafficOnly"]!).ShouldBeTrue();
            ((string)properties["minimumTlsVersion"]!).ShouldBe("TLS1_2");
            ((string)properties["publicNetworkAccess"]!).ShouldBe("[if(parameters('publicAccess'), 'Enabled', 'Disabled')]");
        }
    }

    [Fact]
    public void Template_NeverReadsAKey() =>
        Regex.Matches(fixture.Template.ToJsonString(),
            @"list(Keys|AccountKeys|Credentials|Secrets|ConnectionStrings|AccountSas|ServiceSas)?\w*\(", RegexOptions.IgnoreCase)
            .Select(match => match.Value).ShouldBeEmpty();

    [Fact]
    public void Storage_DeletesOldRolloutsAndNothingElse()
    {
        var rules = One("Microsoft.Storage/storageAccounts/managementPolicies")["properties"]!["policy"]!["rules"]!.AsArray();
        var deleting = rules.Single(rule => rule!["definition"]!["actions"]!["baseBlob"]!["delete"] is not null)!;
        var prefix = (string)deleting["definition"]!["filters"]!["prefixMatch"]![0]!;
        Resolve(prefix).ShouldBe($"{BlobLayout.Container}/rollouts/");
        BlobLayout.Rollout("run", "stage", 0, 0).ShouldStartWith("rollouts/");
    }

    [Fact]
    public void Storage_NamesAreThoseOfTheCode()
    {
        var text = File.ReadAllText(Repository.Path("infra", "modules", "storage.bicep"));
        text.ShouldContain($"var runsContainerName = '{BlobLayout.Container}'");
        text.ShouldContain($"name: '{BlobLayout.CompletionsQueue}'");
    }

    [Fact]
    public void Registry_HasNoAdminUser() =>
        ((bool)One("Microsoft.ContainerRegistry/registries")["properties"]!["adminUserEnabled"]!).ShouldBeFalse();

    [Fact]
    public void Batch_TakesIdentitiesOnly() =>
        One("Microsoft.Batch/batchAccounts")["properties"]!["allowedAuthenticationModes"]!.AsArray().Select(mode => (string)mode!)
            .ShouldBe(["AAD"]);

    [Fact]
    public void Batch_InTheUsersSubscription_HasItsKeyVault()
    {
        // The service refuses such an account without one.
        ((string)One("Microsoft.Batch/batchAccounts")["properties"]!["keyVaultReference"]!)
            .ShouldContain("createObject('id', parameters('keyVaultId'), 'url', parameters('keyVaultUrl'))");
        ((bool)One("Microsoft.KeyVault/vaults")["properties"]!["enableRbacAuthorization"]!).ShouldBeTrue();
        var vault = fixture.Template["resources"]!["batchVault"]!;
        ((string)vault["condition"]!).ShouldBe("[equals(parameters('poolAllocationMode'), 'UserSubscription')]");
    }

    [Fact]
    public void Pool_HasItsIdentityThatAlsoPullsTheImage()
    {
        var pool = One("Microsoft.Batch/batchAccounts/pools");
        ((string)pool["identity"]!["type"]!).ShouldBe("UserAssigned");
        pool["identity"]!["userAssignedIdentities"]!.AsObject().Select(item => item.Key).Single().ShouldContain("workerIdentityId");
        var containers = pool["properties"]!["deploymentConfiguration"]!["virtualMachineConfiguration"]!["containerConfiguration"]!;
        ((string)containers["type"]!).ShouldBe("DockerCompatible");
        // Prefetched by the name that tasks use, none before the first push.
        ((string)containers["containerImageNames"]!)
            .ShouldBe("[if(empty(parameters('trainerImage')), createArray(), createArray(format('{0}/{1}', parameters('registryServer'), "
                + "parameters('trainerImage'))))]");
        ((string)containers["containerRegistries"]![0]!["identityReference"]!["resourceId"]!).ShouldContain("workerIdentityId");
        containers["containerRegistries"]![0]!.AsObject().ContainsKey("password").ShouldBeFalse();
    }

    [Fact]
    public void Pool_SizesAndImages_AreParameters()
    {
        var parameters = fixture.Template["parameters"]!.AsObject();
        foreach (var name in new[] { "vmSize", "nodeImage", "nodeAgentSkuId", "trainerImage", "maxSpotNodes", "maxDedicatedNodes",
            "poolAllocationMode" }) parameters.ContainsKey(name).ShouldBeTrue(name);
        var machine = One("Microsoft.Batch/batchAccounts/pools")["properties"]!["deploymentConfiguration"]!["virtualMachineConfiguration"]!;
        ((string)machine["imageReference"]!).ShouldBe("[parameters('nodeImage')]");
        ((string)machine["nodeAgentSkuId"]!).ShouldBe("[parameters('nodeAgentSkuId')]");
        ((string)One("Microsoft.Batch/batchAccounts/pools")["properties"]!["vmSize"]!).ShouldBe("[parameters('vmSize')]");
    }

    [Fact]
    public void Pool_ScalesFromNothingSpotFirst()
    {
        var scale = One("Microsoft.Batch/batchAccounts/pools")["properties"]!["scaleSettings"]!["autoScale"]!;
        ((string)scale["formula"]!).ShouldContain("autoscaleFormula");
        ((string)scale["evaluationInterval"]!).ShouldBe("PT5M");
        One("Microsoft.Batch/batchAccounts/pools")["properties"]!["scaleSettings"]!.AsObject().ContainsKey("fixedScale").ShouldBeFalse();

        // format() takes braces as places: there must be these two and no others.
        Regex.Matches(Variable("autoscaleFormula"), "[{}].?}?").Select(match => match.Value).ShouldBe(["{0}", "{1}"]);
    }

    [Theory]
    [InlineData("nobody", new double[] { 0 }, 0, 0, 4, 1, 0, 0)]
    [InlineData("first workers, no history", new double[] { 1 }, 0, 0, 4, 1, 1, 0)]
    [InlineData("more come", new double[] { 3, 1 }, 1, 0, 4, 1, 3, 0)]
    [InlineData("more than the limit", new double[] { 9 }, 4, 0, 4, 1, 4, 0)]
    [InlineData("all there", new double[] { 3, 3, 3 }, 3, 0, 4, 1, 3, 0)]
    [InlineData("one taken away", new double[] { 3, 3, 3 }, 3, 1, 4, 1, 2, 1)]
    [InlineData("its node forgotten", new double[] { 3, 3, 3 }, 2, 0, 4, 1, 2, 1)]
    [InlineData("three taken away", new double[] { 3, 3, 3 }, 3, 3, 4, 2, 1, 2)]
    [InlineData("no dedicated ones wanted", new double[] { 3, 3, 3 }, 3, 3, 4, 0, 3, 0)]
    [InlineData("region has no spot", new double[] { 2, 2, 2 }, 0, 0, 4, 1, 1, 1)]
    [InlineData("region slow, waited shortly", new double[] { 2, 2, 0 }, 0, 0, 4, 1, 2, 0)]
    [InlineData("dedicated only", new double[] { 3 }, 0, 0, 0, 2, 0, 2)]
    [InlineData("no nodes at all, to see whether it can be deployed", new double[] { 3, 3, 3 }, 0, 0, 0, 0, 0, 0)]
    [InlineData("done", new double[] { 0, 3, 3 }, 3, 0, 4, 1, 0, 0)]
    public void Pool_Formula_GivesTheNodesThatWorkersWaitFor(
        string what, double[] pendingEachFiveMinutes, double spotNodes, double preempted, int maxSpot, int maxDedicated, int spot,
            int dedicated)
    {
        var formula = string.Format(System.Globalization.CultureInfo.InvariantCulture, Variable("autoscaleFormula"), maxSpot, maxDedicated);
        var pool = new AutoscaleFormula(formula)
        {
            // The last five minutes first, ten samples each.
            Samples = { ["$PendingTasks"] = [.. pendingEachFiveMinutes.SelectMany(value => Enumerable.Repeat(value, 10))],
                ["$PreemptedNodeCount"] = [preempted] },
            Variables = { ["$CurrentLowPriorityNodes"] = spotNodes },
        };
        pool.Evaluate();
        Math.Floor(pool.Variables["$TargetLowPriorityNodes"]).ShouldBe(spot, what);
        pool.Variables["$TargetDedicatedNodes"].ShouldBe(dedicated, what);
        pool.DeallocationOption.ShouldBe("taskcompletion");
    }

    [Theory]
    [InlineData("$TargetDedicatedNodes = 1", "';'")]
    [InlineData("$TargetDedicatedNodes = clamp(1, 2);", "clamp")]
    [InlineData("$TargetDedicatedNodes = $WaitingTasks.GetSample(1);", "$WaitingTasks")]
    [InlineData("$TargetDedicatedNodes = max(1, 2;", "')'")]
    [InlineData("$TargetDedicatedNodes = 5 * TimeInterval_Minute;", "number")]
    public void Formula_OutsideOfBatchsLanguage_IsRefused(string formula, string word) =>
        Should.Throw<FormatException>(() => new AutoscaleFormula(formula).Evaluate()).Message.ShouldContain(word);

    [Fact]
    public void Roles_AreNarrowAndOnResources()
    {
        var assignments = All.Where(resource => (string?)resource["type"] == "Microsoft.Authorization/roleAssignments").ToList();
        assignments.Count.ShouldBeGreaterThan(5);
        foreach (var assignment in assignments)
        {
            assignment.ContainsKey("scope").ShouldBeTrue(assignment.ToJsonString());
            ((string)assignment["scope"]!).ShouldContain("resourceId(", Case.Insensitive);
        }
        var text = fixture.Template.ToJsonString();
        foreach (var role in TooMuch) text.ShouldNotContain(role);
        All.ShouldNotContain(resource => (string?)resource["type"] == "Microsoft.Authorization/roleDefinitions");
    }

    [Fact]
    public void Resources_ThatCanBeTagged_Are()
    {
        string[] untaggable =
            ["Microsoft.Authorization/", "Microsoft.Consumption/", "blobServices", "queueServices", "managementPolicies",
                "Microsoft.Batch/batchAccounts/pools", "sites/config", "basicPublishing", "privateDnsZoneGroups", "schedulers/taskHubs"];
        foreach (var resource in All.Where(resource =>
            !untaggable.Any(part => ((string)resource["type"]!).Contains(part, StringComparison.Ordinal))))
            resource.ContainsKey("tags").ShouldBeTrue((string)resource["type"]!);
        fixture.Template["variables"]!["tags"]!.AsObject().ContainsKey("azd-env-name").ShouldBeTrue();
    }

    [Fact]
    public void App_RunsOnFlexConsumptionWithoutPasswords()
    {
        ((string)One("Microsoft.Web/serverfarms")["sku"]!["name"]!).ShouldBe("FC1");
        var app = One("Microsoft.Web/sites");
        ((bool)app["properties"]!["httpsOnly"]!).ShouldBeTrue();
        ((string)app["properties"]!["functionAppConfig"]!["runtime"]!["name"]!).ShouldBe("dotnet-isolated");
        ((string)app["properties"]!["functionAppConfig"]!["runtime"]!["version"]!).ShouldBe("10.0");
        ((string)app["properties"]!["functionAppConfig"]!["deployment"]!["storage"]!["authentication"]!["type"]!)
            .ShouldBe("UserAssignedIdentity");
        // What the plan takes from functionAppConfig it refuses as settings.
        Settings.Where(name =>
            name.StartsWith("WEBSITE_", StringComparison.Ordinal) || name.StartsWith("FUNCTIONS_", StringComparison.Ordinal))
            .ShouldBeEmpty();
        var policies = All.Where(resource => (string?)resource["type"] == "Microsoft.Web/sites/basicPublishingCredentialsPolicies")
            .ToList();
        policies.Count.ShouldBe(2);
        policies.ShouldAllBe(policy => !(bool)policy["properties"]!["allow"]!);
    }

    [Fact]
    public void App_GetsEverySettingThatItReads()
    {
        var read = Directory.EnumerateFiles(Repository.Path("src", "Orchestrator"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Regex.Matches(File.ReadAllText(file), "\"%?(R1_[A-Z_]+)%?\"").Select(match => match.Groups[1].Value))
            .Append(StorageConnection.Variable).Distinct().Except(["R1_PRICE_PER_HOUR", "R1_CURRENCY"]);
        read.ShouldBeSubsetOf(Settings);
        // The host's storage (deployments, keys, Durable Task's hub) and the trigger's queue, by identity.
        foreach (var name in new[] { "AzureWebJobsStorage__accountName", "R1Queues__queueServiceUri" }) Settings.ShouldContain(name);
        foreach (var connection in new[] { "AzureWebJobsStorage", "R1Queues" })
            Settings.ShouldBe(Settings.Union([$"{connection}__credential", $"{connection}__clientId"]));
        Settings.Where(name => name.Contains("KEY", StringComparison.Ordinal) && name != "R1_KEEP_WORKERS").ShouldBeEmpty();
    }

    [Theory]
    [InlineData("appHostRoles", "Storage Blob Data Owner", "Storage Queue Data Contributor", "Storage Table Data Contributor")]
    [InlineData("appRunsRoles", "Storage Blob Data Contributor", "Storage Queue Data Contributor")]
    [InlineData("workerRoles", "Storage Blob Data Contributor", "Storage Queue Data Contributor")]
    public void Roles_OnStorage_AreThoseThatTheHostDurableTaskAndWorkersNeed(string module, params string[] roles) =>
        fixture.Template["resources"]![module]!["properties"]!["parameters"]!["storageRoles"]!["value"]!.AsArray()
            .Select(role => (string)role!).ShouldBe(roles);

    /// <summary>
    /// A worker that was taken over stays a worker: package, host keys and the task hub's queues lie in an account on which only the app
    /// has roles.
    /// </summary>
    [Fact]
    public void Roles_OnTheHostsAccount_AreTheAppsAlone()
    {
        var modules = fixture.Template["resources"]!.AsObject();
        string Parameter(string module, string name) => modules[module]!["properties"]!["parameters"]![name]!["value"]!.ToString();

        // The host's storage is one module's account, and the runs' another's, of another name.
        foreach (var setting in new[] { "hostStorageName", "hostStorageBlobEndpoint", "deploymentContainer" })
            Parameter("functions", setting).ShouldContain("reference('hostStorage')");
        foreach (var setting in new[] { "runsBlobEndpoint", "runsQueueEndpoint" })
            Parameter("functions", setting).ShouldContain("reference('storage')");
        Parameter("hostStorage", "name").ShouldNotBe(Parameter("storage", "name"));
        var settings = AppSettings;
        ((string)settings["AzureWebJobsStorage__accountName"]!).ShouldBe("[parameters('hostStorageName')]");
        ((string)settings["R1_STORAGE"]!).ShouldBe("[parameters('runsBlobEndpoint')]");
        ((string)settings["R1Queues__queueServiceUri"]!).ShouldBe("[parameters('runsQueueEndpoint')]");
        ((string)One("Microsoft.Web/sites")["properties"]!["functionAppConfig"]!["deployment"]!["storage"]!["value"]!)
            .ShouldContain("hostStorageBlobEndpoint");
        var hub = JsonNode.Parse(File.ReadAllText(Repository.Path("host.json")),
            documentOptions: new() { CommentHandling = System.Text.Json.JsonCommentHandling.Skip })!["extensions"]!["durableTask"]!;
        hub["storageProvider"]!["connectionName"]?.ToString().ShouldBe("AzureWebJobsStorage"); // which is also the default

        var principals = new Dictionary<string, List<string>>();
        foreach (var (name,
            module) in modules.Where(module =>
                Templates(module.Value!.AsObject()["properties"]?["template"]?.AsObject() ?? []).Any(HasRoleOnStorage)))
        {
            var account = Parameter(name, "storageAccountName");
            account.ShouldBeOneOf("[reference('hostStorage').outputs.name.value]", "[reference('storage').outputs.name.value]");
            var principal = Parameter(name, "principalId");
            if (!principals.TryGetValue(principal, out var accounts)) principals.Add(principal, accounts = []);
            accounts.Add(account.Contains("hostStorage", StringComparison.Ordinal) ? "host" : "runs");
        }
        principals.Single(principal => principal.Key.Contains("workerPrincipalId", StringComparison.Ordinal)).Value.ShouldBe(["runs"]);
        principals.Single(principal => principal.Key.Contains("appPrincipalId", StringComparison.Ordinal)).Value.Order()
            .ShouldBe(["host", "runs"]);
        principals.Where(principal => !principal.Key.Contains("appPrincipalId", StringComparison.Ordinal))
            .SelectMany(principal => principal.Value).ShouldNotContain("host");

        // No assignment on a whole group or subscription reaches the account either.
        foreach (var assignment in All.Where(resource => (string?)resource["type"] == "Microsoft.Authorization/roleAssignments"))
            ((string)assignment["scope"]!)
                .ShouldMatch(
                    @"^\[resourceId\('Microsoft\.(Storage/storageAccounts|ContainerRegistry/registries|Insights/components|Batch/batchAccounts|KeyVault/vaults|DurableTask/schedulers)',");

        static bool HasRoleOnStorage(JsonObject template) => Bicep.Resources(template).Any(resource =>
            (string?)resource["type"] == "Microsoft.Authorization/roleAssignments"
                && ((string)resource["scope"]!).Contains("Microsoft.Storage/storageAccounts", StringComparison.Ordinal));
    }

    [Fact]
    public void SignIn_WhereItIsOn_LetsOnlyNamedOnesPass()
    {
        var signIn =
            All.Single(resource =>
                (string?)resource["type"] == "Microsoft.Web/sites/config"
                && ((string)resource["name"]!).Contains("authsettingsV2", StringComparison.Ordinal));
        var principals =
            signIn["properties"]!["identityProviders"]!["azureActiveDirectory"]!["validation"]!
            ["defaultAuthorizationPolicy"]!["allowedPrincipals"]!;
        // An empty list would let the whole tenant in: then an id that nobody has stands there.
        ((string)principals["identities"]!).ShouldBe(
            "[if(and(empty(parameters('entraIdentities')), empty(parameters('entraGroups'))), "
            + "createArray('00000000-0000-0000-0000-000000000000'), parameters('entraIdentities'))]");
        ((string)principals["groups"]!).ShouldBe("[parameters('entraGroups')]");
        var given = fixture.Template["resources"]!["functions"]!["properties"]!["parameters"]!;
        given["entraIdentities"]!.ToString().ShouldContain("union(createArray(parameters('principalId')), parameters('entraIdentities'))");
    }

    [Fact]
    public void PrivateEndpoints_OnDemand_CoverAllThatTheAppUsesOfStorage()
    {
        var services = All.First(resource => (string?)resource["type"] == "Microsoft.Network/privateEndpoints");
        ((string)services["copy"]!["count"]!).ShouldContain("targets");
        var targets = Templates(fixture.Template).Select(template => template["variables"]?["targets"]?.AsArray()).OfType<JsonArray>()
            .Single();
        targets.Select(target => $"{((bool)target!["host"]! ? "host" : "runs")} {target["service"]}")
            .ShouldBe(["runs 0", "runs 1", "host 0", "host 1", "host 2"]);
        File.ReadAllText(Repository.Path("infra", "modules", "privateEndpoints.bicep")).ShouldContain("['blob', 'queue', 'table']");
        // Names lead to them: a zone each, linked to the network, with the endpoint's record.
        ((string)One("Microsoft.Network/privateDnsZones")["name"]!)
            .ShouldBe("[format('privatelink.{0}.{1}', variables('services')[copyIndex()], environment().suffixes.storage)]");
        ((string)One("Microsoft.Network/privateDnsZones/virtualNetworkLinks")["copy"]!["count"]!).ShouldContain("services");
        ((string)One("Microsoft.Network/privateEndpoints/privateDnsZoneGroups")["copy"]!["count"]!).ShouldContain("targets");
    }

    [Fact]
    public void Outputs_TellTheRunUrlAndNothingSecret()
    {
        var outputs = fixture.Template["outputs"]!.AsObject();
        outputs.ContainsKey("R1_URL").ShouldBeTrue();
        outputs.ShouldAllBe(output => (string?)output.Value!["type"] == "string");
    }

    [Theory]
    [InlineData("dev", "vnetEnabled", null, "maxDedicatedNodes", "0")]
    [InlineData("prod", "vnetEnabled", "True", "maxDedicatedNodes", "2")]
    public async Task Parameters_OfAnEnvironment_AreItsOwn(string name, string first, string? firstValue, string second, string secondValue)
    {
        var (_, output, _) =
            await Bicep.RunAsync(BicepFilesTests.Production, "build-params", Repository.Path("infra", $"{name}.bicepparam"), "--stdout");
        var parameters = JsonNode.Parse((string)JsonNode.Parse(output)!["parametersJson"]!)!["parameters"]!;
        ((string)parameters["environmentName"]!["value"]!).ShouldBe($"r1-{name}");
        parameters[first]?["value"]?.ToString().ShouldBe(firstValue?.ToLowerInvariant());
        parameters[second]!["value"]!.ToString().ShouldBe(secondValue);
    }

    [Fact]
    public void Budget_TellsItsContactsBeforeAndWhenItIsSpent()
    {
        var notifications = One("Microsoft.Consumption/budgets")["properties"]!["notifications"]!.AsObject().Select(item => item.Value!)
            .ToList();
        notifications.Select(item => $"{item["thresholdType"]} {item["threshold"]}").Order().ShouldBe(["Actual 80", "Forecasted 100"]);
        // The start of an existing budget cannot be changed: it must not follow the calendar where it is set.
        var start = fixture.Template["resources"]!["budget"]!["properties"]!["parameters"]!["startDate"]!.ToString();
        start.ShouldContain("if(empty(parameters('budgetStart'))");
        start.ShouldContain("parameters('thisMonth')");
        notifications.ShouldAllBe(item =>
            (bool)item["enabled"]! && ((string)item["contactEmails"]!).Contains("contacts", StringComparison.Ordinal));
    }

    [Fact]
    public void Homepage_OfThePlatform_GivesWayToThePage() => ((string)AppSettings["AzureWebJobsDisableHomepage"]!).ShouldBe("true");

    [Fact]
    public void SignIn_WhereItIsOn_LeavesTheHealthCheckAloneOpen()
    {
        var signIn =
            All.Single(resource =>
                (string?)resource["type"] == "Microsoft.Web/sites/config"
                && ((string)resource["name"]!).Contains("authsettingsV2", StringComparison.Ordinal));
        ((string)signIn["condition"]!).ShouldContain("entraClientId");
        var validation = signIn["properties"]!["globalValidation"]!;
        ((bool)validation["requireAuthentication"]!).ShouldBeTrue();
        validation["excludedPaths"]!.AsArray().Select(path => (string)path!).ShouldBe(["/api/health"]);
    }

    [Fact]
    public void Parameters_OfAzd_CanSetAllThatAVmSizeAndABudgetDecide()
    {
        var text = File.ReadAllText(Repository.Path("infra", "main.bicepparam"));
        string[] names =
        [
            "trainerImage", "vmSize", "osDiskSizeGB", "containerOptions", "workerThreads", "durableBackend", "poolAllocationMode",
            "batchServicePrincipalId", "maxSpotNodes", "maxDedicatedNodes", "spotPricePerHour", "dedicatedPricePerHour", "vnetEnabled",
            "entraClientId", "entraIdentities", "entraGroups", "monthlyBudget", "budgetContacts", "budgetStart", "principalId",
        ];
        foreach (var name in names)
            Regex.IsMatch(text, $"^param {name} = .*readEnvironmentVariable", RegexOptions.Multiline).ShouldBeTrue(name);
    }

    [Fact]
    public void AzureYaml_NamesProjectsThatExist()
    {
        var text = File.ReadAllText(Repository.Path("azure.yaml"));
        var project = Regex.Match(text, @"project: (\S+)").Groups[1].Value;
        Directory.Exists(Repository.Path(project)).ShouldBeTrue();
        text.ShouldContain("path: infra");
        // The tag by which azd finds the app.
        File.ReadAllText(Repository.Path("infra", "main.bicep"))
            .ShouldContain($"'azd-service-name': '{Regex.Match(text, @"services:\n  (\S+):").Groups[1].Value}'");
    }

    private JsonObject AppSettings =>
        All.Single(resource =>
            (string?)resource["type"] == "Microsoft.Web/sites/config"
            && ((string)resource["name"]!).Contains("appsettings", StringComparison.Ordinal))["properties"]!.AsObject();

    private List<string> Settings => [.. AppSettings.Select(item => item.Key)];

    private string Variable(string name) =>
        Templates(fixture.Template).Select(template => (string?)template["variables"]?[name]).OfType<string>().Single();

    /// <summary>A format() of a template with its variables put in.</summary>
    private string Resolve(string expression)
    {
        var match = Regex.Match(expression, @"^\[format\('(?<text>[^']*)', variables\('(?<name>\w+)'\)\)\]$");
        match.Success.ShouldBeTrue(expression);
        return match.Groups["text"].Value.Replace("{0}", Variable(match.Groups["name"].Value), StringComparison.Ordinal);
    }

    private static IEnumerable<JsonObject> Templates(JsonObject template)
    {
        yield return template;
        IEnumerable<JsonNode?> resources =
            template["resources"] switch { JsonArray array => array, JsonObject map => map.Select(item => item.Value), _ => [] };
        foreach (var inner in resources.Select(resource => resource!["properties"]?["template"]).OfType<JsonObject>().SelectMany(Templates))
            yield return inner;
    }
}
