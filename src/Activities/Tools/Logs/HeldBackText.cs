using System.Text;

namespace AtomicDevOps.Activities.Tools.Logs;

/// <summary>Holds text back to the end of its line, so that a secret that arrives in two pieces is still found.</summary>
internal sealed class HeldBackText
{
    private const int MaxHeldBack = 8 * 1024;
    private string _text = "";

    public bool IsEmpty => _text.Length == 0;

    /// <returns>What may be written now, redacted.</returns>
    public byte[] Add(string text, SecretRedactor redactor)
    {
        var pending = _text + text;
        var end = pending.LastIndexOf('\n') + 1;
        if (pending.Length - end > MaxHeldBack)
        {
            end = pending.Length;
        }

        _text = pending[end..];
        return Encoding.UTF8.GetBytes(redactor.Redact(pending[..end]));
    }

    /// <returns>What is held back, redacted.</returns>
    public byte[] Read(SecretRedactor redactor) => Encoding.UTF8.GetBytes(redactor.Redact(_text));
}
