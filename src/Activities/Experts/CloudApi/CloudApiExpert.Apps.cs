using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.AzureResourceManager;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.Activities.Experts.CloudApi;

public sealed partial class CloudApiExpert
{
    private const string KeyVaultReference = "@Microsoft.KeyVault(";
    private const string AppConfigurationReference = "@Microsoft.AppConfiguration(";

    /// <summary>Settings can only be replaced as a whole, so two changes of one app have to come one after the other.</summary>
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _settingsOf = new(StringComparer.OrdinalIgnoreCase);

    public static ActivityCall<AppReference, AppSettings> ListAppSettings { get; } = new("CloudApiExpert_ListAppSettings");

    /// <summary>The names of an app's settings.</summary>
    /// <exception cref="ToolNotFoundException">There is no such app.</exception>
    [Function("CloudApiExpert_ListAppSettings")]
    public async Task<AppSettings> ListAppSettingsAsync([ActivityTrigger] AppReference input, CancellationToken cancellationToken)
    {
        var settings = await arm.ListAppSettingsAsync(new SiteAddress(input.ResourceGroup, input.App), cancellationToken);
        return new AppSettings([.. settings.OrderBy(setting => setting.Key, StringComparer.OrdinalIgnoreCase).Select(ToSetting)]);
    }

    public static ActivityCall<ChangeAppSettingsRequest, ChangeAppSettingsResult> ChangeAppSettings { get; } = new("CloudApiExpert_ChangeAppSettings");

    /// <summary>Brings some of an app's settings to what is told. An app whose settings change is restarted by Azure.</summary>
    /// <exception cref="ToolNotFoundException">There is no such app.</exception>
    /// <exception cref="ToolUnavailableException">Somebody else changed the settings meanwhile.</exception>
    [Function("CloudApiExpert_ChangeAppSettings")]
    public async Task<ChangeAppSettingsResult> ChangeAppSettingsAsync(
        [ActivityTrigger] ChangeAppSettingsRequest input, CancellationToken cancellationToken)
    {
        var wanted = input.Set.ToDictionary(setting => setting.Key, setting => ValueOf(setting.Key, setting.Value), StringComparer.OrdinalIgnoreCase);
        foreach (var name in wanted.Keys.Concat(input.Remove))
        {
            Require(SettingName.IsMatch(name), $"'{name}' is no app setting's name; right would be 1–256 letters, digits, '_', '.', ':' and '-'.");
        }

        Require(!input.Remove.Any(wanted.ContainsKey), "A setting can be set or removed, not both.");

        var site = new SiteAddress(input.ResourceGroup, input.App);
        var turn = _settingsOf.GetOrAdd($"{site.ResourceGroup}/{site.Name}", static _ => new SemaphoreSlim(1, 1));
        await turn.WaitAsync(cancellationToken);
        try
        {
            return await ChangeAppSettingsAsync(site, wanted, input.Remove, cancellationToken);
        }
        finally
        {
            turn.Release();
        }
    }

    public static ActivityCall<AppReference, AppStateResult> RestartFunctionApp { get; } = new("CloudApiExpert_RestartFunctionApp");

    /// <summary>Restarts an app that runs. Azure has no way to tell a restart from one that a lost answer hid: run again, it restarts again.</summary>
    [Function("CloudApiExpert_RestartFunctionApp")]
    public Task<AppStateResult> RestartFunctionAppAsync([ActivityTrigger] AppReference input, CancellationToken cancellationToken) =>
        ChangeStateAsync(
            input, static app => app.IsRunning ? null : AppStateOutcome.NotRunning, arm.RestartSiteAsync, cancellationToken);

    public static ActivityCall<AppReference, AppStateResult> StopFunctionApp { get; } = new("CloudApiExpert_StopFunctionApp");

    [Function("CloudApiExpert_StopFunctionApp")]
    public Task<AppStateResult> StopFunctionAppAsync([ActivityTrigger] AppReference input, CancellationToken cancellationToken) =>
        ChangeStateAsync(input, static app => app.IsRunning ? null : AppStateOutcome.Unchanged, arm.StopSiteAsync, cancellationToken);

    public static ActivityCall<AppReference, AppStateResult> StartFunctionApp { get; } = new("CloudApiExpert_StartFunctionApp");

    [Function("CloudApiExpert_StartFunctionApp")]
    public Task<AppStateResult> StartFunctionAppAsync([ActivityTrigger] AppReference input, CancellationToken cancellationToken) =>
        ChangeStateAsync(input, static app => app.IsRunning ? AppStateOutcome.Unchanged : null, arm.StartSiteAsync, cancellationToken);

    public static ActivityCall<AppReference, AppScale> GetScaleLimits { get; } = new("CloudApiExpert_GetScaleLimits");

    /// <summary>How far an app may grow.</summary>
    /// <exception cref="ToolNotFoundException">There is no such app.</exception>
    [Function("CloudApiExpert_GetScaleLimits")]
    public async Task<AppScale> GetScaleLimitsAsync([ActivityTrigger] AppReference input, CancellationToken cancellationToken) =>
        ToScale(await arm.GetFunctionAppAsync(new SiteAddress(input.ResourceGroup, input.App), cancellationToken));

    public static ActivityCall<SetScaleLimitsRequest, SetScaleLimitsResult> SetScaleLimits { get; } = new("CloudApiExpert_SetScaleLimits");

    /// <summary>Brings an app's limits to what is told, and reads whether they are.</summary>
    /// <exception cref="ToolNotFoundException">There is no such app.</exception>
    [Function("CloudApiExpert_SetScaleLimits")]
    public async Task<SetScaleLimitsResult> SetScaleLimitsAsync([ActivityTrigger] SetScaleLimitsRequest input, CancellationToken cancellationToken)
    {
        Require(
            input.MaximumInstanceCount is null or (>= 1 and <= 1000),
            $"MaximumInstanceCount is {input.MaximumInstanceCount}; right would be 1 to 1000.");
        Require(input.InstanceMemoryMB is null or 512 or 2048 or 4096, $"InstanceMemoryMB is {input.InstanceMemoryMB}; right would be 512, 2048 or 4096.");
        Require(
            input.AlwaysReady is null || input.AlwaysReady.All(ready => ready.Name.Length > 0 && ready.InstanceCount is >= 0 and <= 1000),
            "AlwaysReady needs a name and 0 to 1000 instances each.");
        Require(
            (input.MaximumInstanceCount, input.InstanceMemoryMB, input.AlwaysReady) is not (null, null, null),
            "Give at least one of MaximumInstanceCount, InstanceMemoryMB and AlwaysReady.");

        var site = new SiteAddress(input.ResourceGroup, input.App);
        var app = await arm.GetFunctionAppAsync(site, cancellationToken);
        var before = ToScale(app);
        if (app.Plan == ScalePlan.None || (app.Plan == ScalePlan.Elastic && (input.InstanceMemoryMB is not null || input.AlwaysReady is not null)))
        {
            return new SetScaleLimitsResult(SetScaleLimitsOutcome.Unsupported, before, before)
            {
                Problem = app.Plan == ScalePlan.None
                    ? $"{app.Kind} in plan {app.Sku} has no limits of its own."
                    : $"Plan {app.Sku} has no memory and no ready instances to set, only MaximumInstanceCount.",
            };
        }

        if (IsAsTold(app.Limits, input))
        {
            return new SetScaleLimitsResult(SetScaleLimitsOutcome.Unchanged, before, before);
        }

        try
        {
            var change = new ScaleLimitsChange
            {
                MaximumInstanceCount = input.MaximumInstanceCount,
                InstanceMemoryMB = input.InstanceMemoryMB,
                AlwaysReady = input.AlwaysReady,
            };
            await arm.SetScaleLimitsAsync(app, change, cancellationToken);
        }
        catch (ArmRequestException exception) when (IsRefusal(exception))
        {
            return new SetScaleLimitsResult(SetScaleLimitsOutcome.Refused, before, before) { Problem = exception.Error.Describe() };
        }

        var now = await arm.GetFunctionAppAsync(site, cancellationToken);
        return IsAsTold(now.Limits, input)
            ? new SetScaleLimitsResult(SetScaleLimitsOutcome.Changed, before, ToScale(now))
            : throw new ToolUnavailableException(AgentName, $"Azure took new limits for {input.App}, and does not show them yet.");
    }

    private async Task<ChangeAppSettingsResult> ChangeAppSettingsAsync(
        SiteAddress site, Dictionary<string, string> wanted, IReadOnlyList<string> unwanted, CancellationToken cancellationToken)
    {
        var there = await arm.ListAppSettingsAsync(site, cancellationToken);
        var settings = new Dictionary<string, string>(there, StringComparer.OrdinalIgnoreCase);
        var set = wanted.Where(setting => !settings.TryGetValue(setting.Key, out var value) || !string.Equals(value, setting.Value, StringComparison.Ordinal))
            .Select(setting => setting.Key).Order(StringComparer.OrdinalIgnoreCase).ToList();
        var removed = unwanted.Where(settings.ContainsKey).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.OrdinalIgnoreCase).ToList();
        if (set.Count == 0 && removed.Count == 0)
        {
            return new ChangeAppSettingsResult([], []);
        }

        foreach (var name in set)
        {
            settings[name] = wanted[name];
        }

        foreach (var name in removed)
        {
            settings.Remove(name);
        }

        await arm.PutAppSettingsAsync(site, settings, new SecretRedactor(there.Values.Concat(settings.Values)), cancellationToken);
        var now = await arm.ListAppSettingsAsync(site, cancellationToken);
        return now.Count == settings.Count && settings.All(setting => now.TryGetValue(setting.Key, out var value) && string.Equals(value, setting.Value, StringComparison.Ordinal))
            ? new ChangeAppSettingsResult(set, removed)
            : throw new ToolUnavailableException(
                AgentName, $"somebody else changed the settings of {site.Name} at the same moment; the change has to be looked at again.");
    }

    private async Task<AppStateResult> ChangeStateAsync(
        AppReference input,
        Func<FunctionApp, AppStateOutcome?> find,
        Func<SiteAddress, CancellationToken, Task> change,
        CancellationToken cancellationToken)
    {
        var app = await arm.GetFunctionAppAsync(new SiteAddress(input.ResourceGroup, input.App), cancellationToken);
        if (find(app) is { } outcome)
        {
            return new AppStateResult(outcome, outcome == AppStateOutcome.NotRunning ? $"The app is {app.State}." : null);
        }

        try
        {
            await change(app.Address, cancellationToken);
            return new AppStateResult(AppStateOutcome.Done);
        }
        catch (ArmRequestException exception) when (IsRefusal(exception))
        {
            return new AppStateResult(AppStateOutcome.Refused, exception.Error.Describe());
        }
    }

    private string ValueOf(string name, AppSettingValue value)
    {
        Require(value.Text is null != value.Secret is null, $"The setting {name} needs either Text or Secret.");
        if (value.Secret is { } secret)
        {
            return SecretOf(secret, $"The setting {name}");
        }

        Require(
            !LooksSecret(value.Text!),
            $"The text of the setting {name} holds a secret, and would be kept in histories; name a secret of CloudApi:Secrets, or give a Key Vault reference.");
        return value.Text!;
    }

    private static AppSetting ToSetting(KeyValuePair<string, string> setting) =>
        setting.Value.StartsWith(KeyVaultReference, StringComparison.OrdinalIgnoreCase)
            ? new AppSetting(setting.Key, AppSettingKind.KeyVaultReference, setting.Value)
            : setting.Value.StartsWith(AppConfigurationReference, StringComparison.OrdinalIgnoreCase)
                ? new AppSetting(setting.Key, AppSettingKind.AppConfigurationReference, setting.Value)
                : new AppSetting(setting.Key, AppSettingKind.Value);

    private static AppScale ToScale(FunctionApp app) => new(app.Plan, app.Sku, app.Limits);

    private static bool IsAsTold(ScaleLimits limits, SetScaleLimitsRequest told) =>
        (told.MaximumInstanceCount is null || limits.MaximumInstanceCount == told.MaximumInstanceCount)
        && (told.InstanceMemoryMB is null || limits.InstanceMemoryMB == told.InstanceMemoryMB)
        && (told.AlwaysReady is null || Ready(limits.AlwaysReady).SetEquals(Ready(told.AlwaysReady)));

    private static HashSet<AlwaysReady> Ready(IReadOnlyList<AlwaysReady> ready) => [.. ready.Where(each => each.InstanceCount > 0)];

    [GeneratedRegex(@"^[A-Za-z0-9_.:-]{1,256}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SettingName { get; }
}
