using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Berth.Client.Wire;

namespace Berth.Server.Api.Bodies;

/// <summary>One field of a request body. The type and the attributes of its property say which values are allowed.</summary>
/// <param name="KeepsNull">Whether null means something other than a missing field.</param>
/// <param name="Refused">Why the field may not be given at all. Null: it may.</param>
internal sealed record BodyField(PropertyInfo Property, string Name, BodyRule Rule, bool Required, bool KeepsNull, string? Refused)
{
    private const int UsualLongest = 255;

    /// <summary>The fields in the order of the record, in which faults are reported.</summary>
    public static IReadOnlyList<BodyField> Of(Type body) => [.. body.GetProperties().Where(property => property.CanWrite).Select(Of)];

    private static BodyField Of(PropertyInfo property) => new(
        property,
        property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name),
        RuleOf(property),
        property.IsDefined(typeof(RequiredMemberAttribute)),
        property.PropertyType == typeof(OptionalText),
        property.GetCustomAttribute<RefusedAttribute>()?.Reason);

    private static BodyRule RuleOf(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (type == typeof(string) || type == typeof(OptionalText))
        {
            return new TextRule(
                property.GetCustomAttribute<LongestAttribute>()?.Length ?? UsualLongest,
                property.GetCustomAttribute<OneOfAttribute>()?.Words);
        }

        if (type == typeof(bool))
        {
            return new FlagRule();
        }

        if (type == typeof(long) || type == typeof(int))
        {
            var between = property.GetCustomAttribute<BetweenAttribute>()
                ?? throw new InvalidOperationException($"{property.DeclaringType!.Name}.{property.Name} has no bounds");
            return new NumberRule(between.Least, between.Most);
        }

        if (type == typeof(DateTimeOffset))
        {
            return new TimeRule();
        }

        if (type == typeof(IReadOnlyList<string>))
        {
            return new TextsRule(property.IsDefined(typeof(ProcessArgumentsAttribute)));
        }

        return type == typeof(IReadOnlyList<long>) ? new IdsRule()
            : type.Namespace == typeof(BerthJson).Namespace ? new InnerRule(Of(type))
            : type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>)
                && type.GenericTypeArguments[0].Namespace == typeof(BerthJson).Namespace
                ? new InnerListRule(Of(type.GenericTypeArguments[0]))
            : throw new InvalidOperationException(
                $"{property.DeclaringType!.Name}.{property.Name}: nothing says how a {type.Name} is read");
    }
}

/// <summary>The fields of one record, read once.</summary>
internal static class BodyShape<T>
    where T : IRequestBody
{
    public static readonly IReadOnlyList<BodyField> Fields = BodyField.Of(typeof(T));
}
