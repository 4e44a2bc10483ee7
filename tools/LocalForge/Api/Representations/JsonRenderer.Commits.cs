using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Git;
using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge.Api.Representations;

internal sealed partial class JsonRenderer
{
    public JsonObject Commit(Repository repository, GitCommit commit)
    {
        var api = ApiOf(repository.Id);
        var web = WebOf(repository.Id);
        return new JsonObject
        {
            ["sha"] = commit.Sha,
            ["node_id"] = GitHubJson.NodeId("Commit" + commit.Sha, repository.Id),
            ["commit"] = new JsonObject
            {
                ["author"] = Signature(commit.Author),
                ["committer"] = Signature(commit.Committer),
                ["message"] = commit.Message,
                ["tree"] = new JsonObject { ["sha"] = commit.TreeSha, ["url"] = $"{api}/git/trees/{commit.TreeSha}" },
                ["url"] = $"{api}/git/commits/{commit.Sha}",
                ["comment_count"] = 0,
                ["verification"] = Unsigned(),
            },
            ["url"] = $"{api}/commits/{commit.Sha}",
            ["html_url"] = $"{web}/commit/{commit.Sha}",
            ["comments_url"] = $"{api}/commits/{commit.Sha}/comments",
            ["author"] = Account(commit.Author),
            ["committer"] = Account(commit.Committer),
            ["parents"] = Parents(repository, commit),
        };
    }

    /// <summary>A commit with what it changed.</summary>
    public JsonObject Commit(Repository repository, GitCommit commit, IReadOnlyCollection<GitFileChange> files)
    {
        var json = Commit(repository, commit);
        var additions = files.Sum(file => file.Additions);
        var deletions = files.Sum(file => file.Deletions);
        json["stats"] = new JsonObject { ["total"] = additions + deletions, ["additions"] = additions, ["deletions"] = deletions };
        json["files"] = GitHubJson.Array(files, file => FileChange(repository, commit.Sha, file));
        return json;
    }

    /// <summary>A commit as git itself has it.</summary>
    public JsonObject GitCommit(Repository repository, GitCommit commit)
    {
        var api = ApiOf(repository.Id);
        return new JsonObject
        {
            ["sha"] = commit.Sha,
            ["node_id"] = GitHubJson.NodeId("Commit" + commit.Sha, repository.Id),
            ["url"] = $"{api}/git/commits/{commit.Sha}",
            ["html_url"] = $"{WebOf(repository.Id)}/commit/{commit.Sha}",
            ["author"] = Signature(commit.Author),
            ["committer"] = Signature(commit.Committer),
            ["tree"] = new JsonObject { ["sha"] = commit.TreeSha, ["url"] = $"{api}/git/trees/{commit.TreeSha}" },
            ["message"] = commit.Message,
            ["parents"] = Parents(repository, commit),
            ["verification"] = Unsigned(),
        };
    }

    /// <summary>A commit as push and check suite webhooks show it.</summary>
    public JsonObject PushedCommit(Repository repository, GitCommit commit, IReadOnlyCollection<GitFileChange> files) => new()
    {
        ["id"] = commit.Sha,
        ["tree_id"] = commit.TreeSha,
        ["distinct"] = true,
        ["message"] = commit.Message,
        ["timestamp"] = commit.Committer.Date.ToString("yyyy-MM-dd'T'HH:mm:sszzz", System.Globalization.CultureInfo.InvariantCulture),
        ["url"] = $"{WebOf(repository.Id)}/commit/{commit.Sha}",
        ["author"] = Committer(commit.Author),
        ["committer"] = Committer(commit.Committer),
        ["added"] = GitHubJson.Array(files.Where(file => file.Status is "added" or "renamed"), file => file.Path),
        ["removed"] = GitHubJson.Array(
            files.Where(file => file.Status is "removed" or "renamed"), file => file.PreviousPath ?? file.Path),
        ["modified"] = GitHubJson.Array(files.Where(file => file.Status == "modified"), file => file.Path),
    };

    public static JsonObject SimpleCommit(GitCommit commit) => new()
    {
        ["id"] = commit.Sha,
        ["tree_id"] = commit.TreeSha,
        ["message"] = commit.Message,
        ["timestamp"] = GitHubJson.Time(commit.Committer.Date),
        ["author"] = new JsonObject { ["name"] = commit.Author.Name, ["email"] = commit.Author.Email },
        ["committer"] = new JsonObject { ["name"] = commit.Committer.Name, ["email"] = commit.Committer.Email },
    };

    public JsonObject FileChange(Repository repository, string commit, GitFileChange file)
    {
        var web = WebOf(repository.Id);
        var path = EscapePath(file.Path);
        var json = new JsonObject
        {
            ["sha"] = file.BlobSha,
            ["filename"] = file.Path,
            ["status"] = file.Status,
            ["additions"] = file.Additions,
            ["deletions"] = file.Deletions,
            ["changes"] = file.Additions + file.Deletions,
            ["blob_url"] = $"{web}/blob/{commit}/{path}",
            ["raw_url"] = $"{web}/raw/{commit}/{path}",
            ["contents_url"] = $"{ApiOf(repository.Id)}/contents/{path}?ref={commit}",
        };
        if (file.Patch is not null)
        {
            json["patch"] = file.Patch;
        }

        if (file.PreviousPath is not null)
        {
            json["previous_filename"] = file.PreviousPath;
        }

        return json;
    }

    public JsonObject Reference(Repository repository, GitReference reference)
    {
        var api = ApiOf(repository.Id);
        return new JsonObject
        {
            ["ref"] = reference.Name,
            ["node_id"] = GitHubJson.NodeId("Ref" + reference.Name, repository.Id),
            ["url"] = $"{api}/git/{reference.Name}",
            ["object"] = new JsonObject
            {
                ["sha"] = reference.Sha,
                ["type"] = reference.ObjectType,
                ["url"] = $"{api}/git/{reference.ObjectType}s/{reference.Sha}",
            },
        };
    }

    public JsonObject Branch(Repository repository, string name, string sha) => new()
    {
        ["name"] = name,
        ["commit"] = new JsonObject { ["sha"] = sha, ["url"] = $"{ApiOf(repository.Id)}/commits/{sha}" },
        ["protected"] = false,
    };

    public JsonObject FullBranch(Repository repository, string name, GitCommit commit) => new()
    {
        ["name"] = name,
        ["commit"] = Commit(repository, commit),
        ["_links"] = new JsonObject
        {
            ["self"] = $"{ApiOf(repository.Id)}/branches/{name}",
            ["html"] = $"{WebOf(repository.Id)}/tree/{name}",
        },
        ["protected"] = false,
        ["protection"] = new JsonObject
        {
            ["enabled"] = false,
            ["required_status_checks"] = new JsonObject
            {
                ["enforcement_level"] = "off",
                ["contexts"] = new JsonArray(),
                ["checks"] = new JsonArray(),
            },
        },
        ["protection_url"] = $"{ApiOf(repository.Id)}/branches/{name}/protection",
    };

    /// <summary>A file or directory; <paramref name="content"/> is null in listings.</summary>
    public JsonObject Entry(Repository repository, GitTreeEntry entry, string revision, byte[]? content)
    {
        var api = ApiOf(repository.Id);
        var web = WebOf(repository.Id);
        var path = EscapePath(entry.Path);
        var self = $"{api}/contents/{path}?ref={Uri.EscapeDataString(revision)}";
        var git = $"{api}/git/{entry.Type}s/{entry.Sha}";
        var type = entry switch { { Mode: "120000" } => "symlink", { Type: "tree" } => "dir", { Type: "commit" } => "submodule", _ => "file" };
        var html = $"{web}/{(type == "dir" ? "tree" : "blob")}/{revision}/{path}";
        var json = new JsonObject
        {
            ["name"] = entry.Name,
            ["path"] = entry.Path,
            ["sha"] = entry.Sha,
            ["size"] = entry.Size,
            ["url"] = self,
            ["html_url"] = html,
            ["git_url"] = git,
            ["download_url"] = type == "file" ? $"{web}/raw/{revision}/{path}" : null,
            ["type"] = type,
            ["_links"] = new JsonObject { ["self"] = self, ["git"] = git, ["html"] = html },
        };
        if (content is not null && type == "symlink")
        {
            json["target"] = System.Text.Encoding.UTF8.GetString(content);
        }
        else if (content is not null)
        {
            // GitHub inlines up to 1 MB.
            var inline = content.Length <= 1_000_000;
            json["content"] = inline ? Convert.ToBase64String(content, Base64FormattingOptions.InsertLineBreaks).ReplaceLineEndings("\n") + "\n" : "";
            json["encoding"] = inline ? "base64" : "none";
        }

        return json;
    }

    private static JsonObject Signature(GitSignature signature) => new()
    {
        ["name"] = signature.Name,
        ["email"] = signature.Email,
        ["date"] = GitHubJson.Time(signature.Date),
    };

    private static JsonObject Unsigned() => new()
    {
        ["verified"] = false,
        ["reason"] = "unsigned",
        ["signature"] = null,
        ["payload"] = null,
        ["verified_at"] = null,
    };

    private static string EscapePath(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    private JsonObject Committer(GitSignature signature)
    {
        var json = new JsonObject { ["name"] = signature.Name, ["email"] = signature.Email };
        if (FindAccount(signature) is { } user)
        {
            json["username"] = user.Login;
        }

        return json;
    }

    private JsonArray Parents(Repository repository, GitCommit commit) => GitHubJson.Array(commit.Parents, sha => new JsonObject
    {
        ["sha"] = sha,
        ["url"] = $"{ApiOf(repository.Id)}/commits/{sha}",
        ["html_url"] = $"{WebOf(repository.Id)}/commit/{sha}",
    });

    private JsonObject? Account(GitSignature signature) => FindAccount(signature) is { } user ? User(user) : null;

    private User? FindAccount(GitSignature signature) =>
        Store.Users.FirstOrDefault(user => forge.SignatureOf(user).Email.Equals(signature.Email, StringComparison.OrdinalIgnoreCase));
}
