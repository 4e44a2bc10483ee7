using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace AtomicDevOps.Activities.Tools.Processes;

/// <summary>
/// All processes that come from one that was started here: those of its session, and those that left the session but still carry its mark in their environment.
/// </summary>
internal sealed class ProcessTree(Process root, string mark, bool ownSession)
{
    public const string MarkVariable = "ATOMICDEVOPS_PROCESS";
    private const int SignalKill = 9;
    private const int NoSuchProcess = 3;
    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(5);
    private readonly byte[] _mark = Encoding.UTF8.GetBytes($"{MarkVariable}={mark}");
    private readonly int _rootId = root.Id;

    /// <summary>Kills what is left of the session. The kernel does that in one step, so a process that keeps forking cannot run away.</summary>
    public void KillSession()
    {
        if (ownSession)
        {
            if (Kill(-_rootId, SignalKill) == 0)
            {
                // The signal is delivered at once, but a process takes a moment to go.
                SpinWait.SpinUntil(() => Members(sessionOnly: true).Count == 0, KillPatience);
            }
        }
        else if (!root.HasExited)
        {
            root.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Kills the session and then everything that left it, until nothing is found any more.</summary>
    public void KillAll()
    {
        var started = Stopwatch.GetTimestamp();
        KillSession();
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        while (Stopwatch.GetElapsedTime(started) < KillPatience)
        {
            var members = Members();
            if (members.Count == 0)
            {
                return;
            }

            foreach (var member in members)
            {
                if (Kill(member, SignalKill) != 0 && Marshal.GetLastPInvokeError() != NoSuchProcess)
                {
                    return;
                }
            }
        }
    }

    public (int Processes, long ResidentBytes) Measure()
    {
        var members = Members();
        var pages = 0L;
        foreach (var member in members)
        {
            if (ReadProcFile(member, "statm") is { } statm
                && statm.Split(' ') is [_, var resident, ..]
                && long.TryParse(resident, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            {
                pages += count;
            }
        }

        return (members.Count, pages * Environment.SystemPageSize);
    }

    private List<int> Members(bool sessionOnly = false)
    {
        var members = new List<int>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && id != Environment.ProcessId
                && IsMember(id, sessionOnly))
            {
                members.Add(id);
            }
        }

        return members;
    }

    private bool IsMember(int id, bool sessionOnly)
    {
        // proc(5): pid (comm) state ppid pgrp session …; comm may hold anything, so the count starts behind its last parenthesis.
        var stat = ReadProcFile(id, "stat");
        if (stat is null || stat.LastIndexOf(')') is var end && end < 0)
        {
            return false;
        }

        var fields = stat[(end + 2)..].Split(' ');
        if (fields.Length < 4 || fields[0] is "Z" or "X")
        {
            return false;
        }

        var session = int.Parse(fields[3], CultureInfo.InvariantCulture);
        return ownSession && session == _rootId || !sessionOnly && CarriesMark(id);
    }

    private bool CarriesMark(int id)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{id.ToString(CultureInfo.InvariantCulture)}/environ").AsSpan().IndexOf(_mark) >= 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string? ReadProcFile(int id, string name)
    {
        try
        {
            return File.ReadAllText($"/proc/{id.ToString(CultureInfo.InvariantCulture)}/{name}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}
