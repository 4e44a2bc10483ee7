using System.Globalization;
using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace AtomicDevOps.EmbeddedHost.Tests.Storage;

public sealed class DataDirectoryTests : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("durable-store-").FullName;

    [Fact]
    public void A_second_user_of_a_directory_is_refused_by_the_name_of_the_first()
    {
        using var first = EngineStore.Open(_path, isDurable: true, NullLogger.Instance);

        Should.Throw<DataDirectoryException>(() => EngineStore.Open(_path, isDurable: true, NullLogger.Instance))
            .Message.ShouldContain(string.Create(CultureInfo.InvariantCulture, $"in use by process {Environment.ProcessId} "));
    }

    [Fact]
    public void A_directory_is_free_again_once_its_user_is_done()
    {
        EngineStore.Open(_path, isDurable: true, NullLogger.Instance).Dispose();
        EngineStore.Open(_path, isDurable: true, NullLogger.Instance).Dispose();
    }

    [Fact]
    public void A_schema_of_a_newer_program_is_refused_with_both_versions()
    {
        EngineStore.Open(_path, isDurable: true, NullLogger.Instance).Dispose();
        using (var connection = new SqliteConnection($"Data Source={Path.Combine(_path, "durable.db")};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version = 99";
            command.ExecuteNonQuery();
        }

        Should.Throw<DataDirectoryException>(() => EngineStore.Open(_path, isDurable: true, NullLogger.Instance))
            .Message.ShouldContain("has schema version 99; this program knows versions up to 2");
    }

    [Fact]
    public void A_directory_that_cannot_be_made_is_named_with_the_cure()
    {
        var file = Path.Combine(_path, "file");
        File.WriteAllText(file, string.Empty);

        Should.Throw<DataDirectoryException>(() => EngineStore.Open(Path.Combine(file, "data"), isDurable: true, NullLogger.Instance))
            .Message.ShouldContain("cannot be written");
    }

    [Fact]
    public void A_file_that_is_no_database_is_named_with_the_cure()
    {
        File.WriteAllText(Path.Combine(_path, "durable.db"), new string('x', 8192));

        Should.Throw<DataDirectoryException>(() => EngineStore.Open(_path, isDurable: true, NullLogger.Instance))
            .Message.ShouldContain("Restore it from a backup");
    }

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
