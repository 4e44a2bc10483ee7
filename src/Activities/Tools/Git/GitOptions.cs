namespace AtomicDevOps.Activities.Tools.Git;

/// <summary>Configuration section <c>Git</c>.</summary>
public sealed class GitOptions
{
    /// <summary>Where the bare caches are kept; relative to the current directory. It may be deleted at any time while nothing runs.</summary>
    public string Directory { get; set; } = Path.Combine(".data", "git");

    /// <summary>The git program: an absolute path, or a name in <c>PATH</c>. 2.38 or newer.</summary>
    public string Executable { get; set; } = "git";

    /// <summary>Whether remotes may be reached by plain HTTP; on the loopback interface they always may.</summary>
    public bool AllowHttp { get; set; }

    /// <summary>Whether <c>file://</c> remotes are allowed. They open this machine's repositories to whoever names the URL, so only tests set it.</summary>
    public bool AllowFileProtocol { get; set; }

    /// <summary>How long one call of git may take.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Who makes tags.</summary>
    public string UserName { get; set; } = "Atomic DevOps";

    public string UserEmail { get; set; } = "atomic-devops@localhost";

    /// <summary>GnuPG home directory with the public keys that signatures are checked against; none knows no keys.</summary>
    public string? GnuPgHome { get; set; }

    /// <summary>File of SSH keys that signatures are checked against, as <c>ssh-keygen(1)</c> describes under ALLOWED SIGNERS.</summary>
    public string? AllowedSignersFile { get; set; }
}
