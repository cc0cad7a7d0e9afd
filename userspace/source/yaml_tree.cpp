#include "source/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace sy {
namespace {

std::size_t line_of(const YAML::Mark& mark) {
    return mark.line < 0 ? 0 : static_cast<std::size_t>(mark.line);
}

// yaml-cpp reports through exceptions; so do we inside its callbacks.
[[noreturn]] void refuse(const YAML::Mark& mark, const std::string& reason) {
    throw YAML::ParserException(mark, reason);
}

class TreeBuilder : public YAML::EventHandler {
  public:
    YamlTree take() { return std::move(tree_); }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (std::exchange(started_, true)) {
            refuse(mark, "text follows the end of the document");
        }
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        // yaml-cpp takes a line without a colon for a key without a value, which is how a file
        // that is cut off looks. It gives such a null the place of its key.
        if (!open_.empty() && open_.back().is_block_map && open_.back().key_pos == mark.pos) {
            refuse(mark, "':' is missing after a key");
        }
        add(make(YamlNode::Type::plain, mark), anchor);
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end() || open_anchors_.contains(found->second)) {
            refuse(mark, "an alias inside the very thing it stands for");
        }
        attach(found->second);
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        // "?" is a plain scalar, "!" one in quotes or a block.
        const bool resolved = tag == "?" || tag == "tag:yaml.org,2002:int" ||
                              tag == "tag:yaml.org,2002:bool" || tag == "tag:yaml.org,2002:float" ||
                              tag == "tag:yaml.org,2002:null";
        auto& node = make(resolved ? YamlNode::Type::plain : YamlNode::Type::text, mark);
        node.scalar = value;
        if (!open_.empty() && open_.back().node->children.size() % 2 == 0) {
            open_.back().key_pos = mark.pos;
        }
        add(node, anchor);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value /*style*/) override {
        open(make(YamlNode::Type::list, mark), anchor, false);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value style) override {
        open(make(YamlNode::Type::map, mark), anchor, style == YAML::EmitterStyle::Block);
    }
    void OnMapEnd() override { close(); }

  private:
    struct Open {
        YamlNode* node = nullptr;
        bool is_block_map = false;
        int key_pos = -1;  // of the last scalar key
    };

    YamlNode& make(YamlNode::Type type, const YAML::Mark& mark) {
        auto& node = tree_.nodes.emplace_back();
        node.type = type;
        node.line = line_of(mark);
        return node;
    }
    void attach(const YamlNode* node) {
        if (open_.empty()) {
            tree_.root = node;
        } else {
            open_.back().node->children.push_back(node);
        }
    }
    void add(YamlNode& node, YAML::anchor_t anchor) {
        attach(&node);
        if (anchor != 0) {
            anchors_[anchor] = &node;
        }
    }
    void open(YamlNode& node, YAML::anchor_t anchor, bool is_block_map) {
        add(node, anchor);
        open_.push_back({&node, is_block_map, -1});
        if (anchor != 0) {
            open_anchors_.insert(&node);
        }
    }
    void close() {
        open_anchors_.erase(open_.back().node);
        open_.pop_back();
    }

    YamlTree tree_;
    bool started_ = false;
    std::vector<Open> open_;
    std::unordered_map<YAML::anchor_t, const YamlNode*> anchors_;
    std::unordered_set<const YamlNode*> open_anchors_;
};

}  // namespace

std::expected<YamlTree, YamlFault> parse_yaml(std::string_view document) {
    // A quote that is not closed before the end of the text passes with yaml-cpp; one that meets an
    // end-of-document marker does not.
    std::istringstream in(std::string(document) + (document.ends_with('\n') ? "...\n" : ""));
    try {
        YAML::Parser parser(in);
        TreeBuilder builder;
        while (parser.HandleNextDocument(builder)) {
        }
        return builder.take();
    } catch (const YAML::Exception& error) {
        return std::unexpected(YamlFault{error.msg, line_of(error.mark)});
    } catch (const std::exception& error) {
        // yaml-cpp lets some standard exceptions through on odd input.
        return std::unexpected(YamlFault{std::string("not readable as YAML: ") + error.what(), 0});
    }
}

}  // namespace sy
