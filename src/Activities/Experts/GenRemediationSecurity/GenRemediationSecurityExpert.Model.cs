using System.Security.Cryptography;
using System.Text.Json;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Remediation;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Primitives.Json;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.AI;

namespace AtomicDevOps.Activities.Experts.GenRemediationSecurity;

public sealed partial class GenRemediationSecurityExpert
{
    private const string ProposeByModelName = "GenRemediationSecurityExpert_ProposeByModel";
    private const int MaxTitleLength = 72;

    /// <summary>Part of every cache key. What is kept is the model's answer: judging it costs nothing and is done anew each time.</summary>
    private const int CacheVersion = 1;

    public static ActivityCall<ModelRemediationRequest, ModelRemediationResult> ProposeByModel { get; } = new(ProposeByModelName);

    /// <summary>Asks the chat model for a patch. Whatever the model says, what comes back breaks none of the rules that hold without running it.</summary>
    /// <exception cref="ToolUnavailableException">The endpoint cannot be reached, is overloaded, or limits requests.</exception>
    /// <exception cref="ToolException">The endpoint refused the request, answered in no known form or not in time, or the workspace cannot be read.</exception>
    [Function(ProposeByModelName)]
    public async Task<ModelRemediationResult> ProposeByModelAsync([ActivityTrigger] ModelRemediationRequest input, CancellationToken cancellationToken)
    {
        if (!model.IsConfigured)
        {
            return new ModelRemediationResult(PatchRefusal.NotConfigured, "Remediation by a chat model is off: ChatModel:Model is not set.");
        }

        if (input.Findings.Any(static finding => finding.Fingerprint.Length == 0))
        {
            return new ModelRemediationResult(PatchRefusal.NotForModels, "A finding has no fingerprint, so nobody could tell whether it was cleared.");
        }

        var limits = PatchLimits.From(options.Value);
        var paths = input.Findings.Select(static finding => finding.Location.Path).ToHashSet(StringComparer.Ordinal);
        var files = input.Findings.Any(static finding => finding.Kind == FindingKind.Secret)
            ? new Dictionary<string, string>(StringComparer.Ordinal)
            : await WorkspaceFiles.ReadAsync(artifacts, input.Workspace, paths, cancellationToken);
        var result = RemediationPrompt.Create(input.Findings, files, input.Secrets, limits);
        return result.Prompt is { } prompt
            ? await AskAsync(input, prompt, limits, cancellationToken)
            : new ModelRemediationResult(result.Refusal, result.Message);
    }

    private async Task<ModelRemediationResult> AskAsync(ModelRemediationRequest input, RemediationPrompt prompt, PatchLimits limits, CancellationToken cancellationToken)
    {
        var key = CacheKey(prompt);
        var cached = await artifacts.TryReadJsonAsync<ModelAnswer>(key, cancellationToken);
        var answer = cached ?? ModelAnswer.From(await model.GetResponseAsync(prompt.Messages, cancellationToken: cancellationToken));
        if (cached is null)
        {
            await artifacts.WriteJsonAsync(key, answer, cancellationToken);
        }

        var result = await JudgeAsync(input, answer, prompt, limits, cancellationToken);
        return result with { InputTokens = answer.InputTokens, OutputTokens = answer.OutputTokens, Cached = cached is not null };
    }

    private async Task<ModelRemediationResult> JudgeAsync(
        ModelRemediationRequest input, ModelAnswer answer, RemediationPrompt prompt, PatchLimits limits, CancellationToken cancellationToken)
    {
        if (FindBadEnd(answer) is { } unfinished)
        {
            return unfinished;
        }

        var reading = PatchReader.Read(answer.Text, prompt.Files, limits);
        if (reading.Patch is not { } patch)
        {
            return new ModelRemediationResult(reading.Refusal, reading.Message);
        }

        var fingerprints = input.Findings.Select(static finding => finding.Fingerprint).Distinct(StringComparer.Ordinal).ToList();
        var proposal = new RemediationProposal(RemediationSource.Model, Title(input.Findings), patch.Files, fingerprints) { Explanation = patch.Explanation };
        if (!patch.HoldsSecrets)
        {
            return new ModelRemediationResult(null, "") { Proposal = proposal, Title = proposal.Title, Explanation = proposal.Explanation };
        }

        var content = JsonSerializer.SerializeToUtf8Bytes(proposal, JsonDefaults.Options);
        var kept = await artifacts.WriteAsync(
            $"{ArtifactKey.Segment(input.RunId)}/workspace/remediation/{Convert.ToHexStringLower(SHA256.HashData(content))}.json",
            (stream, token) => stream.WriteAsync(content, token).AsTask(),
            cancellationToken);
        return new ModelRemediationResult(null, "") { Kept = kept, Title = proposal.Title, Explanation = proposal.Explanation };
    }

    private static ModelRemediationResult? FindBadEnd(ModelAnswer answer) => answer.FinishReason switch
    {
        "stop" => null,
        "content_filter" => new ModelRemediationResult(PatchRefusal.ModelDeclined, "The model, or a filter before it, declined to answer."),
        "length" => new ModelRemediationResult(PatchRefusal.AnswerCutOff, "The answer was longer than ChatModel:MaxOutputTokens and was cut off."),
        "tool_calls" => new ModelRemediationResult(PatchRefusal.NoPatch, "The model asked for a tool instead of proposing a patch."),
        _ => new ModelRemediationResult(PatchRefusal.AnswerCutOff, "The answer does not say that it came to its end."),
    };

    private static string Title(IReadOnlyList<Finding> findings)
    {
        var first = findings[0];
        var title = HiddenCharacters.Show($"Clear {new SecretMask().MaskText(first.Title)} in {first.Location.Path}{(findings.Count > 1 ? $" and {findings.Count - 1} more" : "")}");
        return title.Length <= MaxTitleLength ? title : $"{title[..(MaxTitleLength - 1)]}…";
    }

    private string CacheKey(RemediationPrompt prompt)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(
            new { CacheVersion, model.Identity, Messages = prompt.Messages.Select(static message => new { Role = message.Role.Value, message.Text }) }, JsonDefaults.Options);
        return $"cache/remediation/{Convert.ToHexStringLower(SHA256.HashData(content))}.json";
    }

    /// <param name="Text">With secrets still masked: the model never saw them.</param>
    private sealed record ModelAnswer(string Text, string? FinishReason, long InputTokens, long OutputTokens)
    {
        public static ModelAnswer From(ChatResponse response) => new(
            response.Text, response.FinishReason?.Value, response.Usage?.InputTokenCount ?? 0, response.Usage?.OutputTokenCount ?? 0);
    }
}
