using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace AtomicDevOps.EmbeddedHost.Commands;

/// <summary>
/// Where a command writes. At a terminal tables fit its width and have colours; elsewhere every row is one line with nothing left out.
/// Control characters in data are shown and never sent.
/// </summary>
internal sealed class CommandOutput
{
    private const int Unlimited = 1_000_000;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly TextWriter _output;
    private readonly TextWriter _error;
    private readonly TextReader? _answers;
    private readonly int? _width;

    /// <param name="width">The terminal's width in characters; null if the output is no terminal.</param>
    /// <param name="answers">Where a person answers questions; null if nobody is there.</param>
    public CommandOutput(TextWriter output, TextWriter error, int? width, TextReader? answers)
    {
        _output = output;
        _error = error;
        _width = width;
        _answers = answers;
    }

    /// <summary>For what holds no data, such as help.</summary>
    public TextWriter Writer => _output;

    /// <summary>For what holds no data.</summary>
    public TextWriter ErrorWriter => _error;

    /// <summary>The terminal's width in characters; null if the output is no terminal.</summary>
    public int? Width => _width;

    public bool IsTerminal => _width is not null;

    /// <summary>Whether somebody is there to be asked.</summary>
    public bool CanAsk => IsTerminal && _answers is not null;

    public static CommandOutput OfProcess() => new(
        Console.Out,
        Console.Error,
        Console.IsOutputRedirected ? null : Math.Max(Console.WindowWidth, 40),
        Console.IsInputRedirected ? null : Console.In);

    public void WriteLine(string text = "") => _output.WriteLine(Printable(text, keepLines: true));

    /// <summary>For what is not the command's result, so that a pipe does not get it.</summary>
    public void WriteNote(string text) => _error.WriteLine(Printable(text, keepLines: true));

    public void WriteJson(JsonNode? json) => WriteLine(Format(json));

    public static string Format(JsonNode? json) => json?.ToJsonString(Indented) ?? "null";

    public bool Confirm(string question)
    {
        _error.Write(Printable(question, keepLines: false) + " [y/N] ");
        return _answers?.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }

    public void Write(TableView table)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture);
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = IsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = IsTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(IsTerminal ? _output : text),
        });
        // The table sees to its width itself: left to it, this library drops columns that do not fit.
        console.Profile.Width = Unlimited;
        console.Write(table.Render(_width));
        foreach (var line in text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            _output.WriteLine(line.TrimEnd());
        }
    }

    /// <summary>The text with its control characters, and those that turn the direction of writing, as escapes.</summary>
    public static string Printable(string text, bool keepLines = false)
    {
        if (!text.Any(character => IsHidden(character, keepLines)))
        {
            return text;
        }

        var shown = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            _ = IsHidden(character, keepLines) ? shown.Append(Escape(character)) : shown.Append(character);
        }

        return shown.ToString();
    }

    private static bool IsHidden(char character, bool keepLines) => character switch
    {
        '\n' => !keepLines,
        >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069' => true,
        _ => char.IsControl(character),
    };

    private static string Escape(char character) => character switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
    };
}
