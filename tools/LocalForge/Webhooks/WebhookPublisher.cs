using System.Globalization;
using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Api.Representations;
using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge.Webhooks;

/// <summary>Turns what happened into one delivery for each webhook that wants to know, within the same write as the happening.</summary>
internal sealed class WebhookPublisher(Forge forge, WebhookQueue queue)
{
    /// <summary>Publishes an event; <paramref name="details"/> is its payload without repository, sender, installation and action.</summary>
    public void Publish(ForgeWrite write, Repository repository, string @event, string? action, User? sender, JsonObject details)
    {
        var hooks = forge.Store.Hooks.All.Where(hook =>
            hook.RepositoryId == repository.Id && hook.Active
            && (hook.Events.Contains(@event, StringComparer.Ordinal) || hook.Events.Contains("*", StringComparer.Ordinal)));
        foreach (var hook in hooks)
        {
            PublishTo(write, hook, repository, @event, action, sender, details);
        }
    }

    public Delivery PublishTo(
        ForgeWrite write, Hook hook, Repository repository, string @event, string? action, User? sender, JsonObject details)
    {
        var payload = new JsonObject();
        if (action is not null)
        {
            payload["action"] = action;
        }

        foreach (var (name, value) in details)
        {
            payload[name] = value?.DeepClone();
        }

        var representations = new JsonRenderer(forge, forge.Links);
        payload["repository"] = representations.Repository(repository);
        if (sender is not null)
        {
            payload["sender"] = representations.User(sender);
        }

        if (InstallationOn(repository) is { } installation)
        {
            payload["installation"] = new JsonObject
            {
                ["id"] = installation.Id,
                ["node_id"] = GitHubJson.NodeId("Installation", installation.Id),
            };
        }

        var delivery = new Delivery(
            write.NextId(), hook.Id, repository.Id, Guid.NewGuid(), @event, action, payload.ToJsonString(GitHubJson.Options), forge.Now);
        return Enqueue(write, delivery);
    }

    /// <summary>Sends a delivery once more, with the same GUID and payload.</summary>
    public Delivery Redeliver(ForgeWrite write, Delivery delivery) => Enqueue(
        write,
        new Delivery(
            write.NextId(), delivery.HookId, delivery.RepositoryId, delivery.Guid, delivery.Event, delivery.Action, delivery.Payload, forge.Now)
        {
            Redelivery = true,
        });

    /// <summary>Greets a new webhook, or one that someone asks to be greeted again.</summary>
    public void Ping(ForgeWrite write, Hook hook, User sender) => PublishTo(
        write,
        hook,
        forge.Store.Repositories[hook.RepositoryId],
        "ping",
        action: null,
        sender,
        new JsonObject
        {
            ["zen"] = "Design for failure.",
            ["hook_id"] = hook.Id,
            ["hook"] = new JsonRenderer(forge, forge.Links).Hook(hook),
        });

    public Installation? InstallationOn(Repository repository) => forge.Store.Installations.FirstOrDefault(installation =>
        installation.AccountId == repository.OwnerId && (installation.RepositoryIds?.Contains(repository.Id) ?? true));

    private Delivery Enqueue(ForgeWrite write, Delivery delivery)
    {
        write.Put(forge.Store.Deliveries, delivery);
        write.AfterCommit(() => queue.Add(delivery.Id));
        return delivery;
    }

    internal static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
