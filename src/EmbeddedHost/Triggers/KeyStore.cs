using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Configuration;

namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <summary>
/// The keys that callers show. A key in configuration (<c>Host:Keys:master</c>, <c>Host:Keys:default</c>,
/// <c>Host:Keys:durabletask_extension</c>) goes before its namesake in <c>keys.json</c>, which the first start writes to the data
/// directory, readable by its owner only.
/// </summary>
internal sealed class KeyStore
{
    private const int MinimumKeyLength = 16;
    private const string DefaultName = "default";
    private const string DurableTaskName = "durabletask_extension";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    private readonly byte[] _master;
    private readonly byte[][] _host;
    private readonly byte[][] _system;
    private readonly Dictionary<string, byte[][]> _functions;

    private KeyStore(KeyFile keys)
    {
        MasterKey = keys.MasterKey;
        DefaultHostKey = keys.HostKeys[DefaultName];
        DurableTaskKey = keys.SystemKeys[DurableTaskName];
        _master = Hash(keys.MasterKey);
        _host = HashAll(keys.HostKeys);
        _system = HashAll(keys.SystemKeys);
        _functions = keys.FunctionKeys.ToDictionary(
            function => function.Key, function => HashAll(function.Value), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Opens everything.</summary>
    public string MasterKey { get; }

    /// <summary>Opens every function of <c>AuthorizationLevel.Function</c>.</summary>
    public string DefaultHostKey { get; }

    /// <summary>Opens the durable management API.</summary>
    public string DurableTaskKey { get; }

    /// <exception cref="FunctionSetupException">The file or a configured key cannot be used.</exception>
    public static KeyStore Open(string dataDirectory, IConfiguration configuration)
    {
        var path = Path.Combine(dataDirectory, "keys.json");
        var master = Configured(configuration, "master");
        var host = Configured(configuration, DefaultName);
        var durableTask = Configured(configuration, DurableTaskName);
        var isComplete = master is not null && host is not null && durableTask is not null;
        var keys = Load(path) ?? (isComplete ? KeyFile.New() : LoadOrCreate(path));
        return new KeyStore(new KeyFile(
            master ?? keys.MasterKey,
            With(keys.HostKeys, DefaultName, host),
            With(keys.SystemKeys, DurableTaskName, durableTask),
            keys.FunctionKeys));
    }

    /// <summary>Keys that nobody knows and no file holds.</summary>
    public static KeyStore Ephemeral() => new(KeyFile.New());

    /// <summary>The durable key of a host that has been started with this configuration; null if it has none.</summary>
    /// <exception cref="FunctionSetupException">The file or a configured key cannot be used.</exception>
    public static string? FindDurableTaskKey(string dataDirectory, IConfiguration configuration) =>
        Configured(configuration, DurableTaskName) ?? Load(Path.Combine(dataDirectory, "keys.json"))?.SystemKeys[DurableTaskName];

    public bool OpensAdmin(string key) => Matches(Hash(key), _master, []);

    public bool OpensSystem(string key) => Matches(Hash(key), _master, _system);

    /// <summary>A key of the function itself, a host key, or the master key.</summary>
    public bool OpensFunction(string key, string functionName) =>
        Matches(Hash(key), _master, _functions.TryGetValue(functionName, out var own) ? [.. _host, .. own] : _host);

    /// <summary>Compares every candidate, and each in constant time, so that the time taken tells nothing of the keys.</summary>
    private static bool Matches(byte[] shown, byte[] master, byte[][] others)
    {
        var matches = CryptographicOperations.FixedTimeEquals(shown, master);
        foreach (var other in others)
        {
            matches |= CryptographicOperations.FixedTimeEquals(shown, other);
        }

        return matches;
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private static byte[][] HashAll(Dictionary<string, string> keys) => [.. keys.Values.Select(Hash)];

    private static Dictionary<string, string> With(Dictionary<string, string> keys, string name, string? value) =>
        value is null ? keys : new Dictionary<string, string>(keys, StringComparer.Ordinal) { [name] = value };

    private static string? Configured(IConfiguration configuration, string name) => configuration[$"Host:Keys:{name}"] switch
    {
        null or "" => null,
        { Length: < MinimumKeyLength } => throw new FunctionSetupException(
            $"Configuration 'Host:Keys:{name}' is shorter than {MinimumKeyLength} characters. Use a long random value, or leave it out to have one made."),
        var key => key,
    };

    private static KeyFile? Load(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        KeyFile? keys;
        try
        {
            keys = JsonSerializer.Deserialize<KeyFile>(File.ReadAllBytes(path), Json);
        }
        catch (JsonException exception)
        {
            throw new FunctionSetupException(
                $"{path} cannot be read at line {exception.LineNumber + 1} ({exception.Path}). Mend it, or delete it to have new keys made.", exception);
        }

        if (keys is null || !keys.HostKeys.ContainsKey(DefaultName) || !keys.SystemKeys.ContainsKey(DurableTaskName) || keys.All().Any(key => key.Length < MinimumKeyLength))
        {
            throw new FunctionSetupException(
                $"{path} lacks a key, or has one shorter than {MinimumKeyLength} characters. It needs masterKey, hostKeys.{DefaultName} and "
                + $"systemKeys.{DurableTaskName}; delete the file to have new keys made.");
        }

        return keys;
    }

    // A rename that refuses to replace is not atomic here, so starts that come at once take turns.
    private static KeyFile LoadOrCreate(string path)
    {
        using var turn = new Mutex(initiallyOwned: false, $"atomic-devops-keys-{Convert.ToHexStringLower(Hash(Path.GetFullPath(path)))}");
        try
        {
            turn.WaitOne();
        }
        catch (AbandonedMutexException)
        {
            // Whoever had it died between two whole states of the file.
        }

        try
        {
            return Load(path) ?? Create(path);
        }
        finally
        {
            turn.ReleaseMutex();
        }
    }

    private static KeyFile Create(string path)
    {
        var keys = KeyFile.New();
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = path + "." + Guid.NewGuid().ToString("N");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var file = new FileStream(temporary, options))
        {
            JsonSerializer.Serialize(file, keys, Json);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
        return keys;
    }

    /// <summary>The keys by name, and those of single functions by function and name.</summary>
    private sealed record KeyFile(
        string MasterKey,
        Dictionary<string, string> HostKeys,
        Dictionary<string, string> SystemKeys,
        Dictionary<string, Dictionary<string, string>> FunctionKeys)
    {
        public static KeyFile New() => new(
            NewKey(),
            new Dictionary<string, string>(StringComparer.Ordinal) { [DefaultName] = NewKey() },
            new Dictionary<string, string>(StringComparer.Ordinal) { [DurableTaskName] = NewKey() },
            []);

        public IEnumerable<string> All() =>
            [MasterKey, .. HostKeys.Values, .. SystemKeys.Values, .. FunctionKeys.Values.SelectMany(keys => keys.Values)];

        private static string NewKey() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
    }
}
