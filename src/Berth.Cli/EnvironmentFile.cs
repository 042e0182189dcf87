using System.Text;

namespace Berth.Cli;

/// <summary>
/// A <c>.env</c> file. Each line is <c>NAME=value</c>, perhaps after <c>export</c>. A <c>#</c> begins a comment at the beginning of a line
/// or after white space. A value in double quotes may contain <c>\n</c> and line ends. One in single quotes is taken literally. Messages
/// name the faulty line, and never its value.
/// </summary>
internal static class EnvironmentFile
{
    /// <exception cref="CommandException">A line is not an assignment, a quote does not end, or a name is there twice.</exception>
    public static IReadOnlyList<KeyValuePair<string, string>> Parse(string text)
    {
        List<KeyValuePair<string, string>> values = [];
        var reader = new Reader(text.TrimStart('\ufeff').ReplaceLineEndings("\n"));
        while (reader.NextLine())
        {
            var (name, value) = reader.Assignment();
            if (values.Exists(known => known.Key.Equals(name, StringComparison.OrdinalIgnoreCase)))
            {
                throw reader.Fault($"{name} stands there twice");
            }

            values.Add(new(name, value));
        }

        return values;
    }

    private sealed class Reader(string text)
    {
        private int _position;

        /// <summary>Moves to the beginning of the next line with content.</summary>
        public bool NextLine()
        {
            while (_position < text.Length)
            {
                var c = text[_position];
                if (c == '#')
                {
                    ToLineEnd();
                }
                else if (char.IsWhiteSpace(c))
                {
                    _position++;
                }
                else
                {
                    return true;
                }
            }

            return false;
        }

        public (string Name, string Value) Assignment()
        {
            var name = Word();
            SkipBlanks();
            if (name == "export" && _position < text.Length && text[_position] != '=')
            {
                name = Word();
                SkipBlanks();
            }

            if (name.Length == 0 || _position >= text.Length || text[_position] != '=')
            {
                throw Fault("is no NAME=value");
            }

            _position++;
            SkipBlanks();
            var value = _position < text.Length && text[_position] is '"' or '\'' ? Quoted(text[_position]) : Plain();
            return (name, value);
        }

        public CommandException Fault(string what) =>
            new(ExitCodes.Usage, $"line {text.AsSpan(0, Math.Min(_position, text.Length)).Count('\n') + 1} {what}");

        private string Word()
        {
            var start = _position;
            while (_position < text.Length && (char.IsAsciiLetterOrDigit(text[_position]) || text[_position] is '_' or '-' or '.'))
            {
                _position++;
            }

            return text[start.._position];
        }

        private string Plain()
        {
            var start = _position;
            ToLineEnd();
            var line = text[start.._position];
            for (var i = 0; i < line.Length; i++)
            {
                if (line[i] == '#' && (i == 0 || char.IsWhiteSpace(line[i - 1])))
                {
                    line = line[..i];
                }
            }

            return line.Trim();
        }

        private string Quoted(char quote)
        {
            var start = _position++;
            var value = new StringBuilder();
            while (_position < text.Length && text[_position] != quote)
            {
                if (quote == '"' && text[_position] == '\\' && _position + 1 < text.Length)
                {
                    _position++;
                    value.Append(text[_position] switch { 'n' => '\n', 'r' => '\r', 't' => '\t', var c => c });
                }
                else
                {
                    value.Append(text[_position]);
                }

                _position++;
            }

            if (_position >= text.Length)
            {
                _position = start;
                throw Fault("has a quote that does not end");
            }

            _position++;
            SkipBlanks();
            if (_position < text.Length && text[_position] is not ('\n' or '#'))
            {
                throw Fault("goes on after the quote");
            }

            ToLineEnd();
            return value.ToString();
        }

        private void SkipBlanks()
        {
            while (_position < text.Length && text[_position] is ' ' or '\t')
            {
                _position++;
            }
        }

        private void ToLineEnd()
        {
            while (_position < text.Length && text[_position] != '\n')
            {
                _position++;
            }
        }
    }
}
