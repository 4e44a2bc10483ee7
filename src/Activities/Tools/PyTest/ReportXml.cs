using System.Xml;

namespace AtomicDevOps.Activities.Tools.PyTest;

/// <summary>Reads XML that untrusted code wrote: no document types, no entities of its own, nothing from elsewhere, bounded.</summary>
internal static class ReportXml
{
    private const int MaxBytes = 64 * 1024 * 1024;

    /// <exception cref="ReportFormatException">Whatever is wrong with the document.</exception>
    public static T Read<T>(byte[] document, string kind, Func<XmlReader, T> read)
    {
        if (document.Length > MaxBytes)
        {
            throw new ReportFormatException($"The {kind} has {document.Length} bytes; the limit is {MaxBytes}.");
        }

        var settings = new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            MaxCharactersInDocument = MaxBytes,
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
        };
        try
        {
            using var stream = new MemoryStream(document, writable: false);
            using var reader = XmlReader.Create(stream, settings);
            return read(reader);
        }
        catch (Exception exception) when (exception is XmlException or ArgumentException or InvalidOperationException)
        {
            throw new ReportFormatException($"The {kind} is not well-formed: {exception.Message}", exception);
        }
    }
}
